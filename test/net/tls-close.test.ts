/** What a close is under TLS, where the peer has a say in how it ends. */
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import type { TcpConnection } from "../../src/net/connection/mod.ts";
import { type Connection, type Handler, listen } from "../../src/net/mod.ts";
import { until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const FIRST = { cert: fixture("first-cert"), key: fixture("first-key") };

test.each([0, 10_000, 140_000, 500_000])(
  "gives the descriptor back after %i bytes to a peer that does nothing",
  async (bytes) => {
    const opened: TcpConnection<unknown>[] = [];
    const open = (connection: Connection) => void opened.push(connection as unknown as TcpConnection<unknown>);
    await using server = await listen({ host: "127.0.0.1", tls: FIRST, sendBufferBytes: 4096 }, { open });
    const words = ["s_client", "-connect", `127.0.0.1:${server.port}`];
    const client = spawn("openssl", words, { stdio: ["pipe", "ignore", "ignore"] });
    try {
      await until(() => opened.length === 1);
      client.kill("SIGSTOP");
      const connection = opened[0]!;
      const place = `/proc/self/fd/${connection.descriptor}`;
      const its = readlinkSync(place);
      for (let sent = 0; sent < bytes; sent += 10_000) connection.write(new Uint8Array(10_000));
      // Of what the kernel takes no more some waits encrypted, out of our sight.
      for (let before = -1; before < connection.bytesWritten; await Bun.sleep(50)) before = connection.bytesWritten;
      connection.close();
      await until(() => !existsSync(place) || readlinkSync(place) !== its);
    } finally {
      client.kill("SIGKILL");
    }
  },
);

test("tells nobody what comes after a close, even in the same read", async () => {
  const told: string[] = [];
  const handler: Handler = {
    open(connection) {
      connection.write(new Uint8Array(90_000));
      connection.close();
    },
    chunk: () => told.push("chunk"),
    close: () => told.push("close"),
  };
  const limits = { readBytesPerSecond: 1000 };
  const options = { host: "127.0.0.1", tls: FIRST, halfOpen: true, sendBufferBytes: 4096, limits };
  // Bytes that are counted after the end would join a connection to its bandwidth that never leaves it.
  await using server = await listen(options, handler);
  const visitor = tlsConnect({ port: server.port, ca: readFileSync(fixture("ca-cert")), servername: "first.test" });
  visitor.resume();
  // What the runtime still holds encrypted cannot be sent any more: the end is a reset.
  visitor.on("error", () => {});
  visitor.write("with the end of the handshake");
  await until(() => visitor.closed);
  expect(told).toEqual(["close"]);
  expect(server.counts().bytesRead).toBe(0);
});
