import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Connection, type Handler, lines, listen } from "../../src/mod.ts";
import { Client, until } from "./support.ts";

test("a program whose servers have stopped ends: no timer, socket or handshake keeps it", () => {
  const program = join(import.meta.dirname, "leaving-program.ts");
  const { stdout, status, signal } = spawnSync(process.execPath, [program], { timeout: 4000 });
  expect({ said: stdout.toString(), status, signal }).toEqual({ said: "[2,3]\n", status: 0, signal: null });
});

test("nothing holds a connection that is closed", async () => {
  const opened: WeakRef<Connection>[] = [];
  const handler: Handler = {
    framing: lines(),
    open(connection) {
      opened.push(new WeakRef(connection));
      connection.subscribe("news");
      connection.write(new Uint8Array(50_000));
    },
    frame: (connection) => connection.pause(),
  };
  const limits = { readBytesPerSecond: 1000, writeBytesPerSecond: 1000, idleMs: 60_000, lifetimeMs: 60_000 };
  await using server = await listen({ host: "127.0.0.1", limits }, handler);
  const said = "a line\nand another, and half of\na third";
  for (let round = 0; round < 3; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => new Client(server.port).connected()));
    for (const client of clients) client.socket.write(said);
    await until(() => server.counts().bytesRead >= 50 * said.length * (round + 1));
    for (const client of clients) client.socket.destroy();
    await until(() => server.counts().active === 0);
  }
  // The newest may still lie on the stack.
  await until(() => {
    Bun.gc(true);
    return opened.filter((each) => each.deref() !== undefined).length < 10;
  });
});
