import { describe, expect, test } from "bun:test";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { messagesIn } from "../../src/load/measure/mod.ts";
import { readInstanceStats, statsProblemText } from "../../src/load/result/instance-stats.ts";
import { tcpTarget } from "../../src/load/tcp/target-reader.ts";
import { runAgainst, type Target, target } from "./servers.ts";

async function statusServer(answer: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api/status`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The status of an instance with this listener; `lost` bytes are kept from its count. */
function statusOf({ server }: Target, lost = 0): RequestListener {
  const started = performance.now();
  return (_, response) => {
    const { bytesRead, ...counts } = server.counts();
    const process = {
      cpuSeconds: (performance.now() - started) / 2000,
      rssBytes: 50_000_000,
      anonymousBytes: 1_000_000 + counts.active * 1000,
    };
    const listener = { port: server.port, counts: { ...counts, bytesRead: Math.max(0, bytesRead - lost) } };
    response.end(JSON.stringify({ tenk: "0.1.0", parts: { tcp: { listeners: [{ port: 1 }, listener] } }, process }));
  };
}

describe("where the target is tenk", () => {
  test("its counters are part of the report, and received = sent is expected", async () => {
    await using sink = await target();
    await using status = await statusServer(statusOf(sink));
    const report = await runAgainst(sink, {
      connections: 10,
      ratePerConnection: 50,
      durationMs: 500,
      statsUrl: status.url,
    });
    expect(report.server).toMatchObject({
      received: report.messages.sent,
      bytesReceived: report.bytes.sent,
      connectionsPeak: 10,
      rssBytes: 50_000_000,
      userBytesPerConnection: 1000,
    });
    expect(report.server!.cpuPercent).toBeGreaterThan(0);
    expect(report.server!.cpuPercent).toBeLessThan(100);
    expect(report.verdict.checks.at(-1)).toMatchObject({ expect: "server.bytes=bytes.sent", pass: true });
  });

  test("bytes that it did not receive fail the verdict", async () => {
    await using sink = await target();
    await using status = await statusServer(statusOf(sink, 40));
    const report = await runAgainst(sink, { connections: 10, ratePerConnection: 50, statsUrl: status.url });
    expect(report.server!.received).toBe(report.messages.sent - 10);
    expect(report.verdict.pass).toBe(false);
    expect(report.verdict.reason).toContain("server.bytes=bytes.sent");
  });
});

describe("a status address that is of no use is passed over", () => {
  test.each([
    ["another program", (_, response) => response.end("<html>")],
    [
      "an instance without this listener",
      (_, response) => response.end('{"tenk":"1","parts":{"tcp":{"listeners":[{"port":2}]}},"process":{}}'),
    ],
    ["a program with other JSON", (_, response) => response.end('{"parts":null}')],
    ["an answer that never ends", (_, response) => void response.write("{")],
    ["an answer too long", (_, response) => response.end("x".repeat(2 ** 21))],
    ["an answer cut short", (_, response) => void response.writeHead(200, { "content-length": 9 }).socket?.destroy()],
  ] as [string, RequestListener][])("%s", async (_, answer) => {
    await using status = await statusServer(answer);
    expect(await readInstanceStats(status.url, 9091, tcpTarget)).toBeString();
  });

  test.each(["http://127.0.0.1:1/api/status", "https://127.0.0.1:1/", "nonsense", ""])("%p", async (url) => {
    expect(await readInstanceStats(url, 9091, tcpTarget)).toBeString();
  });
});

describe("where there are no counters the report says what was tried", () => {
  test.each([
    ["another program", "not-tenk", (_, response) => response.end("<html>")],
    ["other JSON", "not-tenk", (_, response) => response.end('{"parts":[]}')],
    ["one that wants a token", "unauthorized", (_, response) => response.writeHead(401).end("{}")],
    [
      "without this listener",
      "other-port",
      (_, response) => response.end('{"tenk":"1","parts":{"tcp":{"listeners":[{"port":2}]}}}'),
    ],
    ["cut short", "silent", (_, response) => void response.writeHead(200, { "content-length": 9 }).socket?.destroy()],
  ] as [string, "not-tenk", RequestListener][])("%s: %s", async (_, why, answer) => {
    await using status = await statusServer(answer);
    expect(await readInstanceStats(status.url, 9091, tcpTarget)).toBe(why);
  });

  test("in words, in the report", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { durationMs: 50, statsUrl: "http://127.0.0.1:1/api/status" });
    expect([report.server, report.serverNote]).toEqual([null, "no tenk instance answers at 127.0.0.1:1"]);
    expect((await runAgainst(sink, { durationMs: 50 })).serverNote).toBe("no counters were asked for");
    expect(statsProblemText("not-tenk", "http://[::1]:9190/api/status", 7)).toBe(
      "what answers at [::1]:9190 is not tenk",
    );
    expect(statsProblemText("other-port", "http://a:1/", 7)).toBe("tenk at a:1 does not listen on port 7");
  });
});

test.each([
  [40, { sent: 10, bytes: 40, lengthBytes: undefined }, 10],
  [38, { sent: 10, bytes: 40, lengthBytes: 4 }, 9],
  [20, { sent: 10, bytes: 40, lengthBytes: undefined }, 5],
  [0, { sent: 0, bytes: 0, lengthBytes: undefined }, 0],
])("%p bytes of %p are %p messages", (bytes, messages, expected) => {
  expect(messagesIn(bytes, messages)).toBe(expected);
});
