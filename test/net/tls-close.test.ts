/** What a close is under TLS, where the peer has a say in how it ends. */
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import type { TcpConnection } from "../../src/net/connection.ts";
import { type Connection, type Handler, listen } from "../../src/net/mod.ts";
import { until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const FIRST = { cert: fixture("first-cert"), key: fixture("first-key") };

test("gives the descriptor back when it closes, whether or not the peer answers", async () => {
  const opened: TcpConnection<unknown>[] = [];
  const open = (connection: Connection) => void opened.push(connection as TcpConnection<unknown>);
  await using server = await listen({ host: "127.0.0.1", tls: FIRST, limits: { idleMs: 300 } }, { open });
  const words = ["s_client", "-connect", `127.0.0.1:${server.port}`];
  const client = spawn("openssl", words, { stdio: ["pipe", "ignore", "ignore"] });
  try {
    await until(() => opened.length === 1);
    client.kill("SIGSTOP");
    const place = `/proc/self/fd/${opened[0]!.descriptor}`;
    const its = readlinkSync(place);
    await until(() => server.counts().closed.idle === 1);
    await until(() => !existsSync(place) || readlinkSync(place) !== its);
  } finally {
    client.kill("SIGKILL");
  }
});

test("tells nobody what comes after a close, even in the same read", async () => {
  const told: string[] = [];
  const handler: Handler = {
    open: (connection) => connection.close(),
    chunk: () => told.push("chunk"),
    close: () => told.push("close"),
  };
  const limits = { readBytesPerSecond: 1000 };
  const options = { host: "127.0.0.1", tls: FIRST, halfOpen: true, limits };
  // Bytes that are counted after the end would join a connection to its bandwidth that never leaves it.
  await using server = await listen(options, handler);
  const visitor = tlsConnect({ port: server.port, ca: readFileSync(fixture("ca-cert")), servername: "first.test" });
  visitor.write("with the end of the handshake");
  await once(visitor, "close");
  expect(told).toEqual(["close"]);
  expect(server.counts().bytesRead).toBe(0);
});
