import { describe, expect, test } from "bun:test";
import { verdictOf } from "../../bench/bars.ts";
import { loadCommand, parseH2load, parseWrk } from "../../bench/http-load.ts";
import { caddyfile, haproxyHttp, nginxHttp, tenkHttp } from "../../bench/http-settings.ts";
import { CASES, type HttpRound, httpBars, httpRemarks, httpTables } from "../../bench/http-table.ts";

describe("HTTP", () => {
  function round(cpuUs: number, { failed = 0, requests = 10_000, p99Us = 2000 } = {}): HttpRound {
    const spent = { requests, failed, serverMs: (cpuUs * requests) / 1000, tookMs: 1000 };
    return {
      spent: Object.fromEntries(CASES.map(({ name }) => [name, spent])),
      atRate: { p50Us: 500, p99Us, p999Us: 9000 },
      events: { count: 100, p50Us: 120, p99Us: 400 },
      residentBytes: 70e6,
      idle: { residentBytes: 50e6, bytesPerConnection: 5000 },
      slow: { downBytes: 2 ** 20, upBytes: 3 * 2 ** 20 },
    };
  }
  const results = new Map([
    ["tenk", [round(10), round(30, { failed: 3 })]],
    ["nginx", [round(20, { p99Us: 1000 }), round(60, { p99Us: 4000 })]],
    ["caddy", [round(40), round(120, { requests: 5 })]],
  ]);

  test("is told by what each kind of request costs, and by how long and with how much memory it is waited for", () => {
    const [cpu, rates, waits] = httpTables(results, 64);
    expect(cpu!.head.slice(1)).toEqual(CASES.map(({ name }) => name));
    expect(cpu!.rows[0]).toEqual(["tenk", ...CASES.map(() => "20.0 (10.0-30.0)")]);
    expect(rates!.rows[0]?.slice(0, 2)).toEqual(["tenk", "50000 / 2.00 x"]);
    expect(waits!.rows[0]).toEqual([
      ...["tenk", "0.50 / 2.00 / 9.00", "0.12 / 0.40", "50.0", "70.0", "5000", "1.00", "3.00"],
    ]);
  });

  test("is judged by nginx and both Caddys, and by itself", () => {
    const bars = Object.fromEntries(httpBars(results, 64).map((bar) => [bar.name, [bar.got, verdictOf(bar)]]));
    expect(bars["TLS 100 B, CPU per request, to nginx"]).toEqual([0.5, "met"]);
    expect(bars["TLS 100 B, CPU per request, to caddy"]).toEqual([0.25, "met"]);
    expect(bars["TLS 100 B, CPU per request, to caddy-new"]?.[1]).toBe("not measured");
    expect(bars["HTTP/2 100 B, CPU per request, to caddy"]).toEqual([0.25, "missed"]);
    expect(bars["p99 at the fixed rate, to nginx"]).toEqual([1.25, "missed"]);
    expect(bars["an idle TLS connection"]).toEqual([5000, "met"]);
    expect(bars["64 MiB up through a slow peer"]).toEqual([3, "met"]);
  });

  test("failures, and rounds with hardly a request, are said", () => {
    expect(httpRemarks(results).filter((line) => line.includes("HTTP/2 static"))).toEqual([
      "tenk, HTTP/2 static: 3 requests failed",
      "caddy, HTTP/2 static: only 5 requests in a round",
    ]);
  });
});

describe("the load generators", () => {
  test("wrk's count, and its errors of any kind", () => {
    const lines = ["  15230 requests in 1.01s, 3.25MB read", "Requests/sec:  15079.21"];
    expect(parseWrk(lines)).toEqual({ requests: 15_230, failed: 0 });
    const errors = ["  Socket errors: connect 1, read 2, write 3, timeout 4", "  Non-2xx or 3xx responses: 100"];
    expect(parseWrk([...lines, ...errors])).toEqual({ requests: 15_230, failed: 110 });
  });

  test("h2load's statuses: what the end of the time cut off did not fail", () => {
    const lines = [
      "finished in 1.00s, 28000.00 req/s, 3.10MB/s",
      "requests: 28000 total, 28256 started, 28000 done, 27990 succeeded, 266 failed, 10 errored, 0 timeout",
      "status codes: 27990 2xx, 1 3xx, 2 4xx, 7 5xx",
    ];
    expect(parseH2load(lines)).toEqual({ requests: 27_990, failed: 10 });
  });

  test("without a figure nothing was measured", () => {
    expect(parseWrk(["unable to connect"]).requests).toBe(0);
    expect(parseH2load([]).requests).toBe(0);
  });

  test("HTTP/2 is h2load's, the rest is wrk's", () => {
    expect(loadCommand("https://localhost:1/small", true, 2).join(" ")).toContain("h2load -t 1 -c 8 -m 32 -D 2");
    expect(loadCommand("http://localhost:1/small", false, 2).join(" ")).toContain("wrk -t 1 -c 64 -d 2s");
  });
});

describe("the proxies' settings", () => {
  const tls = { cert: "/c.pem", key: "/k.pem", both: "/b.pem" };
  const settings = { port: 1001, tlsPort: 1002, backendPort: 1003, isSpread: false, tls, folder: "/f" };
  const all = (isSpread: boolean) => {
    const each = { ...settings, isSpread };
    return {
      tenk: JSON.stringify(tenkHttp(each)),
      nginx: nginxHttp(each),
      haproxy: haproxyHttp(each),
      caddy: caddyfile(each),
    };
  };

  test.each(Object.entries(all(false)))("%s listens twice, forwards, and answers /static itself", (_, text) => {
    for (const port of [1001, 1002, 1003]) expect(text).toContain(`:${port}`);
    expect(text).toContain("/static");
  });

  test("one worker, or one for each processor", () => {
    const [one, spread] = [all(false), all(true)];
    expect([one.nginx, spread.nginx].map((text) => /worker_processes (\w+)/.exec(text)?.[1])).toEqual(["1", "auto"]);
    expect([one.haproxy, spread.haproxy].map((text) => text.includes("nbthread 1"))).toEqual([true, false]);
    expect([one.tenk, spread.tenk].map((text) => /"workers":"?(\w+)/.exec(text)?.[1])).toEqual(["1", "auto"]);
  });

  test("each request is logged", () => {
    const { tenk, nginx, haproxy, caddy } = all(false);
    expect(tenk).toContain('"file":"/f/1001-access.log"');
    expect(nginx).toContain("access_log /f/1001-access.log;");
    expect(haproxy).toContain("option httplog");
    expect(caddy).toContain("output file /f/1001-access.log");
  });
});
