/** A relay never invents an end: a side that a limit cuts off in the middle of its stream takes the other with it, by a reset. */
import { expect, test } from "bun:test";
import { connect, listen, pipe } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

test.each([
  ["lifetime", "ECONNRESET"],
  ["shutdown", "ECONNRESET"],
  ["idle", undefined],
  ["handler", undefined],
] as const)("after %s of one side the other ends with %p", async (reason, errorCode) => {
  const far: Client["errorCode"][] = [];
  let received = 0;
  await using target = await listen(
    { host: "127.0.0.1", halfOpen: true },
    {
      chunk: (_, bytes) => { received += bytes.length; }, // biome-ignore format: one thought
      end: (connection) => connection.end(),
      close: (_, why) => far.push(why === "reset" ? "ECONNRESET" : undefined),
    },
  );
  await using relay = await listen(
    { host: "127.0.0.1", halfOpen: true },
    {
      async open(client) {
        client.pause();
        pipe(client, await connect({ port: target.port, halfOpen: true }, {}));
        await until(() => received === 5);
        client.close(reason);
      },
    },
  );
  const client = await new Client(relay.port).connected();
  client.socket.write("a par");
  await until(() => client.closed && far.length === 1);
  expect(far).toEqual([errorCode]);
  expect(client.errorCode).toBe(errorCode);
});
