import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../../net/self-signed.ts";
import { answer, dnsServer, dohServer, runDns } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-load-dns-tls-"));
const files = selfSigned(folder, "own");
const tls = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
afterAll(() => rmSync(folder, { recursive: true }));

const LINES = Array.from({ length: 60 }, (_, index) => `a${index}.example A`).join("\n");

/** The query as an answer. */
function answered(query: Uint8Array): Uint8Array {
  const message = new Uint8Array(query);
  message.set([0x81, 0x80], 2);
  return message;
}

describe("load dns over TLS", () => {
  test("asks several queries on a connection whose certificate is verified", async () => {
    await using server = await dnsServer((asked) => [answer(asked)], { tls });
    const options = { mode: "dot", connections: 2, outstanding: 10, ca: files.cert } as const;
    const report = await runDns(server.port, LINES, options);
    expect(server.asked.length).toBe(60);
    expect(report.messages).toMatchObject({ sent: 60, answered: 60 });
    expect(report.protocol).toMatchObject({ mode: "dot", errors: 0, latencyUs: { tls: { count: 2 } } });
  });

  test("opens no connection to a server that is not trusted", async () => {
    await using server = await dnsServer((asked) => [answer(asked)], { tls });
    const report = await runDns(server.port, LINES, { mode: "dot", durationMs: 300 });
    expect([report.connections.opened, report.messages.sent, report.verdict.pass]).toEqual([0, 0, false]);
    expect(Object.keys(report.connections.byCause).join()).toContain("TLS");
  });
});

describe("load dns over HTTPS", () => {
  test("asks by POST over HTTP/2, several streams at a time, and holds answers against their questions", async () => {
    await using server = await dohServer((query) => {
      const message = answered(query);
      // The sixth of each ten is answered with another name.
      if (query[14] === 0x36) message.set([0x62], 13);
      return message;
    }, tls);
    const options = { mode: "doh", connections: 2, outstanding: 8, ca: files.cert, dohPath: "/q" } as const;
    const report = await runDns(server.port, LINES, options);
    expect(server.asked.length).toBe(60);
    expect(server.asked[0]).toMatchObject({ path: "/q", type: "application/dns-message" });
    const wrong = server.asked.filter(({ bytes }) => bytes[14] === 0x36).length;
    expect(report.protocol).toMatchObject({
      mode: "doh",
      mismatched: wrong,
      errorsBy: { "another answer": wrong },
      rcodes: { NOERROR: 60 - wrong },
    });
    expect(report.messages).toMatchObject({ sent: 60, answered: 60 - wrong, unanswered: wrong });
    expect(report.connections).toMatchObject({ opened: 2, lost: 0 });
  });

  test("counts answers with another status as errors", async () => {
    await using server = await dohServer(() => 503, tls);
    const report = await runDns(server.port, LINES, { mode: "doh", ca: files.cert });
    expect(report.protocol).toMatchObject({ errors: 60, errorsBy: { "HTTP status 503": 60 }, rcodes: {} });
  });
});
