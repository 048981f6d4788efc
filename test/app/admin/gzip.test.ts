import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { chooseEncoding } from "../../../src/app/admin/accept.ts";
import { parseConfig, up } from "../../../src/app/mod.ts";
import { raw, worldOf } from "./support.ts";

const LONG = { list: Array.from({ length: 400 }, (_, at) => ({ name: `connection ${at}`, read: at * 17 })) };

function long() {
  const made = worldOf();
  made.world.status = () => LONG;
  return (path: string, headers: Record<string, string>) => made.ask(path, { peer: "127.0.0.1", headers });
}

describe("an answer", () => {
  test.each([
    ["gzip", true],
    ["gzip, deflate, br", true],
    ["br;q=1.0, gzip;q=0.1", true],
    ["*", true],
    ["GZIP", true],
    ["gzip;q=0", false],
    ["gzip;q=0, *", false],
    ["gzip;q=0.0", false],
    ["*;q=0", false],
    ["identity, gzip;q=0.5", false],
    ["deflate, br", false],
    ["gzip;q=x", false],
    ["x-gzip-not", false],
    ["", false],
  ])("is packed for Accept-Encoding: %s: %p", async (accepted, isPacked) => {
    const response = await long()("/api/status", { "accept-encoding": accepted });
    expect(response.headers.get("content-encoding")).toBe(isPacked ? "gzip" : null);
    expect(response.headers.get("vary")).toBe("accept-encoding");
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(JSON.parse((isPacked ? gunzipSync(bytes) : bytes).toString())).toEqual(LONG);
  });

  test("that is short, a stream, or has no body is not compressed", async () => {
    const ask = long();
    const gzip = { "accept-encoding": "gzip" };
    for (const path of ["/healthz", "/metrics", "/nothing", "/api/live"]) {
      const response = await ask(path, gzip);
      expect([path, response.headers.get("content-encoding")]).toEqual([path, null]);
      await response.body?.cancel();
    }
    expect((await ask("/metrics", gzip)).headers.get("vary")).toBe("accept, accept-encoding");
  });
});

test("a compressed scrape is a fifth as long and has a Content-Length; HEAD as GET", async () => {
  const config = JSON.stringify({ tcp: { packets: { listen: "127.0.0.1:0" } }, dashboard: { listen: "127.0.0.1:0" } });
  const instance = await up(parseConfig(config, "tenk.yaml"), { logDefaults: false });
  try {
    const url = new URL("metrics", instance.statusUrl);
    const packed = await fetch(url, { headers: { "accept-encoding": "gzip" }, decompress: false });
    const bytes = Buffer.from(await packed.arrayBuffer());
    const text = gunzipSync(bytes).toString();
    expect([packed.headers.get("content-encoding"), packed.headers.get("content-length")]).toEqual([
      "gzip",
      `${bytes.length}`,
    ]);
    expect(text).toContain("\ntenk_tcp_connections_active{");
    expect(text.length / bytes.length).toBeGreaterThan(4);
    const lines = ["HEAD /metrics HTTP/1.1", "Host: localhost", "Accept-Encoding: gzip", "Connection: close"];
    const told = await raw(Number(url.port), `${lines.join("\r\n")}\r\n\r\n`);
    expect(told.toLowerCase()).toContain("content-encoding: gzip");
    expect(told.split("\r\n\r\n")[1]).toBe("");
  } finally {
    await instance.stop(0);
  }
});

test("compressing two megabytes does not block the event loop", async () => {
  const made = worldOf();
  const rows = Array.from({ length: 30_000 }, (_, at) => `connection ${at} of 192.0.2.${at % 256} reads ${at * 7919}`);
  made.world.status = () => rows;
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  turn();
  const response = await made.ask("/api/status", { peer: "127.0.0.1", headers: { "accept-encoding": "gzip" } });
  isOver = true;
  expect(response.headers.get("content-encoding")).toBe("gzip");
  // On the loop itself it would have been one.
  expect(turns).toBeGreaterThan(5);
});

test.each([
  ["br, gzip", "br"],
  ["gzip;q=1, br;q=0.5", "gzip"],
  ["br;q=0, *", "gzip"],
  ["identity;q=0.8, gzip;q=0.8", "gzip"],
  ["*;q=0", undefined],
] as const)("of br and gzip %s chooses %p", (header, coding) => {
  expect(chooseEncoding(header, ["br", "gzip"])).toBe(coding);
});
