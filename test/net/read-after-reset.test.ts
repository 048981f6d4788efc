import { expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { connect, type Handler } from "../../src/net/mod.ts";
import { until } from "./support.ts";

/** Writes to a peer that sent an answer and reset, in the turn in which both are there and neither was reported. */
async function writeAfterReset(handler: Partial<Handler>, isPaused = false) {
  let theirs: Socket | undefined;
  const server = createServer((socket) => {
    theirs = socket;
  }).listen(0, "127.0.0.1");
  await until(() => server.listening);
  const { port } = server.address() as { port: number };
  const told: string[] = [];
  const connection = await connect(
    { port, halfOpen: true },
    {
      ...handler,
      chunk: (_, bytes) => told.push(`chunk ${new TextDecoder().decode(bytes)}`),
      close: (_, reason) => told.push(reason),
    },
  );
  await until(() => theirs !== undefined);
  if (isPaused) connection.pause();
  await new Promise<void>((resolve) => theirs!.write("413", () => resolve()));
  theirs!.resetAndDestroy();
  // This one goes to the kernel, which knows of the reset.
  const taken = connection.write("more");
  const wasClosed = connection.closed;
  const takenLater = connection.write("and more");
  connection.pause();
  await until(() => connection.closed);
  server.close();
  return { told, taken, takenLater, wasClosed };
}

test("a write to a peer that has reset ends the connection at once", async () => {
  const result = await writeAfterReset({});
  expect(result).toEqual({ told: ["reset"], taken: 0, takenLater: 0, wasClosed: true });
});

test("with readsAfterReset what the peer sent before still comes, then the close", async () => {
  const result = await writeAfterReset({ readsAfterReset: true });
  expect(result).toEqual({ told: ["chunk 413", "reset"], taken: 0, takenLater: 0, wasClosed: false });
});

test("but not while it is paused, since the runtime would never report the close", async () => {
  const result = await writeAfterReset({ readsAfterReset: true }, true);
  expect(result).toEqual({ told: ["reset"], taken: 0, takenLater: 0, wasClosed: true });
});
