/** What happens long after our FIN, with the clock moved instead of waited for: the event loop's ticks read it. */
import { afterAll, afterEach, expect, spyOn, test } from "bun:test";
import { type Connection, listen, type Server } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

let server: Server | undefined;
const realNow = performance.now.bind(performance);
let aheadMs = 0;
const clock = spyOn(performance, "now").mockImplementation(() => realNow() + aheadMs);
afterEach(async () => {
  await server?.stop({ graceMs: 0 });
  aheadMs = 0;
});
afterAll(() => clock.mockRestore());

const ticks = () => new Promise((resolve) => setTimeout(resolve, 150));

test("a peer that never sends its FIN is awaited for five seconds after ours, then closed with our reason", async () => {
  server = await listen({ host: "127.0.0.1" }, { open: (connection) => connection.end() });
  const client = await new Client(server.port, { allowHalfOpen: true }).connected();
  await until(() => client.ended);
  aheadMs = 4000;
  await ticks();
  expect(server.counts().active).toBe(1);
  aheadMs = 6000;
  await until(() => server!.counts().active === 0);
  expect(server.counts().closed.handler).toBe(1);
});

test("with half-open the peer may go on sending long after our FIN, until it sends its own", async () => {
  let read = "";
  let ours: Connection | undefined;
  server = await listen(
    { host: "127.0.0.1", halfOpen: true },
    {
      open(connection) {
        ours = connection;
        connection.end();
      },
      chunk(_, bytes) {
        read += new TextDecoder().decode(bytes);
      },
    },
  );
  const client = await new Client(server.port, { allowHalfOpen: true }).connected();
  await until(() => client.ended);
  aheadMs = 60_000;
  await ticks();
  expect(ours?.closed).toBe(false);
  client.socket.write("still here");
  await until(() => read === "still here");
  client.socket.end();
  await until(() => server!.counts().active === 0);
  expect(server.counts().closed.handler).toBe(1);
});
