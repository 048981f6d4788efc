import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { reportText } from "../../../src/cli/report-text.ts";
import { paintsFor } from "../../../src/cli/terminal.ts";
import { type HttpOptions, planHttp } from "../../../src/load/mod.ts";
import { runHttp } from "./support.ts";

const fixture = (name: string) => readFileSync(`${import.meta.dir}/../../net/fixtures/localhost-${name}.pem`, "utf8");
const ANSWER = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

let server: Server;
beforeAll(async () => {
  server = createServer({ cert: fixture("cert"), key: fixture("key") }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(ANSWER));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => server.close());

/** Ten requests, each on a connection of its own, one after the other; another is opened behind the last. */
const run = (options: Partial<HttpOptions>) =>
  runHttp(`https://localhost:${(server.address() as AddressInfo).port}/`, {
    ca: fixture("cert"),
    keepAlive: false,
    requests: 10,
    ...options,
  });

describe("TLS handshakes", () => {
  test("are full ones, unless sessions are to be resumed", async () => {
    const { protocol, verdict } = await run({});
    expect(protocol.latencyUs.tls?.count).toBeGreaterThanOrEqual(10);
    expect(protocol.latencyUs.tlsResumed).toBeUndefined();
    expect(verdict.pass).toBe(true);
  });

  test("that resume a session have a latency and a count of their own", async () => {
    const report = await run({ tlsResume: true });
    const { tls, tlsResumed } = report.protocol.latencyUs;
    expect(tls?.count).toBe(1);
    expect(tlsResumed?.count).toBeGreaterThanOrEqual(9);
    const text = reportText(report, paintsFor({ write: () => undefined }, {}));
    expect(text).toMatch(/TLS, full handshake .* 1\n/);
    expect(text).toMatch(/TLS, resumed .* \d+\n/);
  });

  test("resume sessions of the same event loop", async () => {
    const { protocol } = await run({ tlsResume: true, workers: 2, connections: 2, requests: 20 });
    const { tls, tlsResumed } = protocol.latencyUs;
    expect(tls!.count).toBeGreaterThanOrEqual(2);
    expect(tls!.count + tlsResumed!.count).toBeGreaterThanOrEqual(20);
  });

  test("cannot be resumed where there are none", () => {
    expect(() => planHttp({ url: "http://127.0.0.1/", tlsResume: true })).toThrow("session to resume");
  });
});
