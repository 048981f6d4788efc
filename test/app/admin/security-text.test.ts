/** One test a line of the list of what home servers were broken by: C the control plane, M metrics and logs. */
import { describe, expect, test } from "bun:test";
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { findToken, openToken } from "../../../src/app/admin/token.ts";
import { effectiveSettings, parseConfig, up } from "../../../src/app/mod.ts";
import { processMetrics } from "../../../src/app/monitoring/process-metrics.ts";
import { logLine } from "../../../src/cli/log-format.ts";
import { paintsFor } from "../../../src/cli/terminal.ts";
import {
  addUserMetrics,
  counter,
  exposition,
  familiesIn,
  familiesOf,
  History,
  openHost,
  openProcessReader,
  readUserMetrics,
  TimedCalls,
  takeFamilies,
} from "../../../src/metrics/mod.ts";
import { BEARER, FORM, HASH, JSON_BODY, keptLog, newFolder, OWN_PAGE, worldOf } from "./support.ts";

describe("C04 configuration texts survive unchanged", () => {
  const HOSTILE = ["a\"b'c\n$", "{HOME}\n- x: !!js/function \u001b[31m\\ : # ---"].join("");

  test.each([
    [`tcp: { ${JSON.stringify(HOSTILE)}: { listen: 1 } }`, "expected a name of a-z"],
    [`dashboard: { scrapers: [${JSON.stringify(HOSTILE)}] }`, "expected addresses or ranges"],
    [`dashboard: { proxies: [${JSON.stringify(HOSTILE)}] }`, "expected addresses or ranges"],
    [`dashboard: { names: [${JSON.stringify(HOSTILE)}] }`, "expected a name such as box.home.arpa"],
  ])("%j is refused", (text, words) => {
    expect(() => parseConfig(text, "tenk.yaml")).toThrow(words);
  });

  test("accepted values read back equal from the output of tenk check", () => {
    const config = {
      tcp: { a: { listen: 0, handler: "./a.ts", options: { text: HOSTILE } } },
      data: { folder: HOSTILE },
    };
    const loaded = parseConfig(JSON.stringify(config), "tenk.yaml");
    const printed = new Map(effectiveSettings(loaded).map(({ key, value }) => [key, value]));
    expect(parse(printed.get("tcp.a.options")!)).toEqual({ text: HOSTILE });
    for (const value of printed.values()) expect(value).not.toMatch(/\p{Cc}/u);
  });
});

describe("C05 text of strangers is inert", () => {
  const SCRIPT = '"><script>alert(1)</script>';

  test("in every response that may contain it, which is JSON", async () => {
    const { ask, world } = worldOf();
    world.log.add({ part: SCRIPT, level: "warn", message: SCRIPT, fields: { of: SCRIPT } }, 1);
    const headers = BEARER;
    const paths = ["/api/log", `/${encodeURIComponent(SCRIPT)}`, `/api/series?name=${encodeURIComponent(SCRIPT)}`];
    for (const path of [...paths, `/api/tcp/connections?listener=${encodeURIComponent(SCRIPT)}`]) {
      const response = await ask(path, { headers });
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    }
  });

  test("in the login form, which repeats nothing", async () => {
    const { ask } = worldOf({ passwordHash: HASH });
    const body = `word=${encodeURIComponent(SCRIPT)}`;
    const form = await ask("/login", { method: "POST", headers: { ...FORM, ...OWN_PAGE }, body });
    const link = await ask(`/?token=${encodeURIComponent(SCRIPT)}`);
    for (const response of [form, link]) expect(await response.text()).not.toContain("script>");
  });

  test("in an event stream, where it cannot begin a line", async () => {
    const { world, ask } = worldOf();
    const text = "x\n\nevent: second\ndata: {}\r\revent: run";
    const stream = (await ask("/api/live", { headers: BEARER })).body!.getReader();
    world.log.add({ part: "net", level: "warn", message: text, fields: {} }, 1);
    world.live.tick();
    let seen = "";
    while (!seen.includes("event: log")) seen += new TextDecoder().decode((await stream.read()).value);
    await stream.cancel();
    expect(seen.split(/[\r\n]+/).filter((line) => line.startsWith("event:"))).toEqual(["event: names", "event: log"]);
  });
});

const REPORT = {
  target: "127.0.0.1:9091",
  plan: { connections: 5 },
  connections: { peak: 5 },
  messages: { perSecondSent: 50 },
  latencyUs: { message: { p99: 2 } },
  timing: { connectMs: 1, sendMs: 2, drainMs: 3 },
  verdict: { pass: true, reason: "every expectation held" },
};

describe("C06 external input", () => {
  test("is never followed out of the folder: a token that is a link is replaced, its target left alone", () => {
    const folder = newFolder();
    const target = join(newFolder(), "target");
    writeFileSync(target, "B".repeat(43), { mode: 0o600 });
    symlinkSync(target, join(folder, "token"));
    expect(findToken(folder)).toBeUndefined();
    const { text } = openToken(folder, keptLog());
    expect(text).not.toBe("B".repeat(43));
    expect(lstatSync(join(folder, "token")).isFile()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("B".repeat(43));
  });

  test.each(["..%2f..%2fetc%2fpasswd", "../../etc/passwd", "1%00", "1;drop", "9999999999999999999", "-1"])(
    "names no file: /api/runs/%s",
    async (id) => {
      const { ask, world } = worldOf();
      const asked: string[] = [];
      world.runs.get = async (each) => void asked.push(each);
      expect((await ask(`/api/runs/${id}`, { headers: BEARER })).status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  test.each([
    ["nothing", {}],
    ["a report without a verdict", { startedAt: 1, report: { target: "a" }, series: { elapsedMs: [], columns: {} } }],
    ["too much", { startedAt: 1, report: REPORT, series: { elapsedMs: new Array(5000).fill(0), columns: {} } }],
  ])("is a load test or it is refused: %s", async (_, run) => {
    const headers = { ...BEARER, ...JSON_BODY, "x-tenk": "1" };
    const response = await worldOf().ask("/api/runs", { method: "POST", headers, body: JSON.stringify(run) });
    expect(response.status).toBe(400);
  });
});

describe("M01 labels", () => {
  test("are bounded in number, whatever strangers invent", async () => {
    const lookups = counter("example_lookups_total", "Lookups.", ["name"]);
    for (let count = 0; count < 3000; count++) lookups.with({ name: `n${count}` }).inc();
    const families = await familiesIn(addUserMetrics([await readUserMetrics()]));
    const family = families.find(({ name }) => name === "example_lookups_total")!;
    expect(family.samples.length).toBeLessThanOrEqual(1001);
    const history = new History({ maxSeries: 50 });
    history.sample(1000, 0, (take) => takeFamilies(families, take));
    expect(history.keys()).toHaveLength(50);
  });

  test("are escaped", () => {
    const labels = { of: 'a"b\\c\nd_total 1' };
    const text = exposition([{ name: "a", help: "A\nb", type: "gauge", samples: [{ value: 1, labels }] }]);
    expect(text).toBe('# HELP a A\\nb\n# TYPE a gauge\na{of="a\\"b\\\\c\\nd_total 1"} 1\n');
  });
});

describe("M02 /metrics", () => {
  test.each([
    ["192.0.2.7", 401],
    ["198.51.100.9", 200],
    ["::ffff:198.51.100.9", 200],
    ["2001:db8::9", 200],
    ["198.51.101.9", 401],
  ])("is not public: %s gets %d", async (peer, code) => {
    const { ask } = worldOf({ scrapers: ["198.51.100.0/24", "2001:db8::/32"] });
    expect((await ask("/metrics", { peer })).status).toBe(code);
    expect((await ask("/api/status", { peer })).status).toBe(401);
  });

  test("is not readable by a header that names a scraper, unless a trusted proxy wrote it", async () => {
    const headers = { "x-forwarded-for": "198.51.100.9" };
    const scrapers = ["198.51.100.9"];
    expect((await worldOf({ scrapers }).ask("/metrics", { peer: "192.0.2.7", headers })).status).toBe(401);
    const proxies = ["192.0.2.7"];
    const { ask } = worldOf({ scrapers, proxies });
    expect((await ask("/metrics", { peer: "192.0.2.7", headers })).status).toBe(200);
    // What stands left of the last stranger is that stranger's own invention.
    for (const hops of ["198.51.100.9, 203.0.113.5", "198.51.100.9, unknown", "198.51.100.9, unix:", "198.51.100.9,"]) {
      const forged = { "x-forwarded-for": hops };
      expect([hops, (await ask("/metrics", { peer: "192.0.2.7", headers: forged })).status]).toEqual([hops, 401]);
    }
    const second = { "x-forwarded-for": "203.0.113.5, 198.51.100.9, 192.0.2.7" };
    expect((await ask("/metrics", { peer: "192.0.2.7", headers: second })).status).toBe(200);
  });

  test("is returned quickly even when a mount hangs", async () => {
    const host = openHost({
      statfs: () => new Promise(() => undefined),
      statfsNow: () => {
        throw new Error("would hang");
      },
      timeouts: { mounts: new TimedCalls({ timeoutMs: 50 }), devices: new TimedCalls() },
    });
    const reader = openProcessReader();
    const families = [...familiesOf(processMetrics(() => reader.read())), ...(await host.collect())];
    reader.close();
    const names = families.map(({ name }) => name);
    expect(names).toContain("node_memory_MemTotal_bytes");
    expect(names).toContain("process_resident_memory_bytes");
  });
});

describe("M03 logs and disks", () => {
  test("a log line stays one line, without escape codes of strangers", () => {
    const record = {
      category: ["tenk", "net"],
      level: "warning" as const,
      message: ["refused"],
      rawMessage: "refused",
      timestamp: 0,
      properties: { name: "a\n12:00:00 INFO app \u001b[2J up=1" },
    };
    const line = logLine(record, { paints: paintsFor({ write: () => undefined }) });
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(line).toContain('name="a\\n12:00:00 INFO app \\u001b[2J up=1"');
  });

  test.each(["/proc/tenk", "/dev/null/tenk"])(
    "a folder that cannot be (%s) is said once, and the box serves",
    async (folder) => {
      const text = 'tcp: { a: { listen: "127.0.0.1:0" } }\ndashboard: { listen: "127.0.0.1:0" }';
      const log = keptLog();
      const instance = await up(parseConfig(text, "tenk.yaml"), { log, dataFolder: folder });
      const headers = JSON_BODY;
      expect((await fetch(`${instance.statusUrl}healthz`)).status).toBe(200);
      expect((await fetch(`${instance.statusUrl}api/names`, { headers })).status).toBe(200);
      expect(await (await fetch(`${instance.statusUrl}api/runs`)).json()).toEqual({ runs: [] });
      await instance.stop(0);
      expect(log.lines.filter(([level]) => level === "warn")).toHaveLength(1);
    },
  );
});
