/** What a handler may do as it is told of an end, and what it is told first. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { type Connection, type Handler, lines, listen } from "../../src/mod.ts";
import { Client, until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("hundreds that are reset at once may each say good-bye to all others: their closes do not pile up", async () => {
  const CLIENTS = 300;
  let depth = 0;
  let deepest = 0;
  await using server = await listen(
    { host: "127.0.0.1" },
    {
      open: (connection) => connection.subscribe("room"),
      close(connection) {
        depth += 1;
        deepest = Math.max(deepest, depth);
        connection.publish("room", `${connection.id} left\n`);
        depth -= 1;
      },
    },
  );
  const clients = await Promise.all(Array.from({ length: CLIENTS + 1 }, () => new Client(server.port).connected()));
  await until(() => server.counts().active === CLIENTS + 1);
  const stays = clients.pop();
  for (const { socket } of clients) socket.resetAndDestroy();
  await until(() => server.counts().active === 1);
  await until(() => stays?.received.split("\n").length === CLIENTS + 1);
  expect(deepest).toBeLessThan(20);
  expect(server.counts()).toMatchObject({ accepted: CLIENTS + 1, handlerErrors: 0, subscriptions: 1 });
});

test.each([
  ["a framing that is set while paused", (connection: Connection) => connection.setFraming(lines())],
  ["the handler's own framing", () => {}],
])("what came with the PROXY header waits until the connection is read: %s", async (_, frame) => {
  const got: string[] = [];
  let seen: Connection | undefined;
  const handler: Handler = {
    framing: lines(),
    open(connection) {
      seen = connection;
      connection.pause();
      frame(connection);
    },
    frame: (_connection, line) => got.push(text(line)),
  };
  await using server = await listen({ host: "127.0.0.1", proxyProtocol: { trusted: ["127.0.0.1"] } }, handler);
  const client = await new Client(server.port).connected();
  client.socket.write("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\none\ntwo\n");
  await until(() => server.counts().bytesRead === 8);
  expect(got).toEqual([]);
  seen?.resume();
  expect(got).toEqual(["one", "two"]);
});

test("a FIN is told behind the frames before it, also where the handler pauses and resumes in one of them", async () => {
  const told: string[] = [];
  let seen: Connection | undefined;
  const handler: Handler = {
    framing: lines(),
    frame(connection, line) {
      seen = connection;
      told.push(text(line));
      if (told.length <= 2) connection.pause();
      if (told.length === 2) connection.resume();
    },
    end: () => told.push("end"),
    close: (_, reason) => told.push(reason),
  };
  const tls = { cert: fixture("first-cert"), key: fixture("first-key") };
  await using server = await listen({ host: "127.0.0.1", tls }, handler);
  // Under TLS a FIN is told in spite of a pause.
  const client = tlsConnect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false });
  client.on("error", () => {});
  client.once("secureConnect", () => client.end("1\n2\n3\n4\n"));
  await until(() => told.length === 1);
  await until(() => client.writableFinished);
  // The pause of a socket in the clear would keep the FIN back; here it is on its way.
  await new Promise((resolve) => setImmediate(resolve));
  seen?.resume();
  await until(() => told.at(-1) === "peer");
  expect(told).toEqual(["1", "2", "3", "4", "end", "peer"]);
  client.destroy();
});
