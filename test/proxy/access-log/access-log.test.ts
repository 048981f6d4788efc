import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen, type Server } from "../../../src/net/mod.ts";
import { Place, PROXY_COUNTS, slotStart } from "../../../src/proxy/counts.ts";
import { PROXY_MODULE } from "../../../src/proxy/listeners/desired.ts";
import { until } from "../../net/support.ts";
import { bodyOf, echoTarget, exchange, get, proxyOptions, type RawTarget, startProxy, statusOf } from "../support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-access-"));
let files = 0;
let target: RawTarget;

beforeAll(async () => {
  target = await echoTarget();
});
afterAll(() => {
  target.stop();
  rmSync(folder, { recursive: true });
});

type Format = "json" | "combined" | "common";
const newPath = () => join(folder, `${files++}.log`);
const linesOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : []);

const services = () => `  app: { target: "http://127.0.0.1:${target.port}", plainHttp: serve }
  dead: { target: "http://127.0.0.1:1", plainHttp: serve }
  hello: { respond: hello, plainHttp: serve }
`;
const optionsFor = (format: Format, file: string, more = {}) =>
  proxyOptions(services(), { accessLog: { format, file, flushMs: 10 }, ...more });

/** The lines that requests leave, once all are there. */
async function logged(format: Format, requests: readonly string[], more = {}): Promise<string[]> {
  const path = newPath();
  const proxy = await startProxy(optionsFor(format, path, more));
  try {
    for (const request of requests) await exchange(proxy.port!, request);
    await until(() => linesOf(path).length >= requests.length);
    return linesOf(path);
  } finally {
    await proxy.stop({ graceMs: 0 });
  }
}

const AGENT = "User-Agent: curl/8";

describe("JSON", () => {
  test("a line has who asked what, how it ended, and who answered", async () => {
    const before = Date.now() / 1000;
    const post = `POST /a?b=1 HTTP/1.1\r\nHost: app.home.arpa\r\nConnection: close\r\n${AGENT}\r\nReferer: http://x/\r\nContent-Length: 4\r\n\r\nabcd`;
    const [first, second] = (
      await logged("json", [get("/up", "hello.home.arpa"), post.replace("abcd", "\r\n\r\n")])
    ).map((line) => JSON.parse(line));
    expect(first).toEqual({
      level: "info",
      ts: expect.any(Number),
      logger: "http.log.access",
      msg: "handled request",
      request: {
        remote_ip: "127.0.0.1",
        client_ip: "127.0.0.1",
        proto: "HTTP/1.1",
        method: "GET",
        host: "hello.home.arpa",
        uri: "/up",
        headers: {},
      },
      bytes_read: 0,
      user_id: "",
      duration: expect.any(Number),
      size: 5,
      status: 200,
      first_byte: expect.any(Number),
      outcome: "answered",
      service: "hello",
      retries: 0,
    });
    expect(first.ts).toBeGreaterThanOrEqual(Math.floor(before));
    expect(first.ts).toBeLessThan(before + 10);
    expect(second.request).toMatchObject({ method: "POST", uri: "/a?b=1" });
    expect(second.request.headers).toEqual({ "User-Agent": ["curl/8"], Referer: ["http://x/"] });
    expect(second).toMatchObject({ bytes_read: 4, service: "app", target: `http://127.0.0.1:${target.port}` });
    expect(second.duration).toBeGreaterThanOrEqual(second.first_byte);
  });

  test("a failure of a target is an error, with its retries; an unknown host has no service", async () => {
    const [dead, unknown] = (await logged("json", [get("/", "dead.home.arpa"), get("/", "other.example")])).map(
      (line) => JSON.parse(line),
    );
    expect(dead).toMatchObject({ level: "error", status: 502, service: "dead", target: "http://127.0.0.1:1" });
    expect(unknown).toMatchObject({ level: "info", status: 404 });
    expect(unknown).not.toHaveProperty("service");
  });

  test("what is no request has a line as well", async () => {
    const [line] = await logged("json", ["GET / HTTP/1.1\r\n\r\n"]);
    expect(JSON.parse(line!)).toMatchObject({ status: 400, request: { client_ip: "127.0.0.1", method: "" } });
  });

  test("behind a trusted proxy the client is the person, and the peer stands beside it", async () => {
    const request = get("/", "hello.home.arpa", "X-Forwarded-For: 1.2.3.4, 192.0.2.7");
    const [line] = await logged("json", [request], { trustedProxies: ["127.0.0.1"] });
    expect(JSON.parse(line!).request).toMatchObject({ remote_ip: "127.0.0.1", client_ip: "192.0.2.7" });
    const [forged] = await logged("json", [request]);
    expect(JSON.parse(forged!).request.client_ip).toBe("127.0.0.1");
  });

  test("nothing that a client sends ends a line, colours a terminal or grows without bound", async () => {
    const evil = `User-Agent: a"}\t\x9b31m\x80\\${"z".repeat(9000)}`;
    const lines = await logged("json", [get(`/"},{"status":200?${"y".repeat(5000)}`, "hello.home.arpa", evil)]);
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(/^[ -~]+$/);
    expect(lines[0]!.length).toBeLessThan(4608);
    const { request, status } = JSON.parse(lines[0]!);
    expect(request.headers["User-Agent"][0]).toStartWith('a"}\t\x9b31m\x80\\zzz');
    expect([status, request.uri.length]).toEqual([200, 2045]);
  });

  test("the longest line that clients can cause fits", async () => {
    const quotes = '"'.repeat(3000);
    const request = get(`/${quotes}`, `${"h.".repeat(100)}example`, `User-Agent: ${quotes}`, `Referer: ${quotes}`);
    const [line] = await logged("json", [request]);
    expect(line!.length).toBeLessThan(4608);
    expect(JSON.parse(line!).request.uri.length).toBeGreaterThan(1000);
  });
});

describe("Combined and Common", () => {
  test("lines are those of nginx and Apache", async () => {
    const requests = [
      get("/up", "hello.home.arpa", AGENT, "Referer: http://x/"),
      get('/"', "hello.home.arpa", 'User-Agent: a"\x1b'.replace("\x1b", "\x9b")),
      "GET / HTTP/1.1\r\n\r\n",
    ];
    const time = /\[\d\d\/[A-Z][a-z][a-z]\/20\d\d:\d\d:\d\d:\d\d [+-]\d{4}\]/;
    const combined = (await logged("combined", requests)).map((line) => line.replace(time, "[TIME]"));
    expect(combined).toEqual([
      '127.0.0.1 - - [TIME] "GET /up HTTP/1.1" 200 5 "http://x/" "curl/8"',
      '127.0.0.1 - - [TIME] "GET /\\x22 HTTP/1.1" 200 5 "-" "a\\x22\\x9b"',
      '127.0.0.1 - - [TIME] "-" 400 0 "-" "-"',
    ]);
    const common = (await logged("common", requests)).map((line) => line.replace(time, "[TIME]"));
    expect(common).toEqual([
      '127.0.0.1 - - [TIME] "GET /up HTTP/1.1" 200 5',
      '127.0.0.1 - - [TIME] "GET /\\x22 HTTP/1.1" 200 5',
      '127.0.0.1 - - [TIME] "-" 400 0',
    ]);
  });
});

describe("programs that read it", () => {
  /** A test that needs a program: skipped where there is none, and a failure in CI. */
  function withProgram(program: string, name: string, run: () => Promise<void>): void {
    if (Bun.which(program) !== null) test(name, run, 30_000);
    else
      test.skipIf(process.env.CI !== "true")(`${name}: needs ${program}`, () => {
        throw new Error(`${program} is not installed`);
      });
  }

  const requests = [
    get("/one?x", "hello.home.arpa", AGENT),
    get("/two", "hello.home.arpa", 'User-Agent: a"b'),
    get("/", "dead.home.arpa", AGENT, "Referer: http://x/y"),
  ];

  withProgram("goaccess", "goaccess reads every line of every format", async () => {
    for (const [format, theirs] of [["json", "CADDY"], ["combined", "COMBINED"], ["common", "COMMON"]] as const) {
      const path = newPath();
      writeFileSync(path, `${(await logged(format, requests)).join("\n")}\n`);
      const report = `${path}.json`;
      const done = spawnSync("goaccess", [path, "--no-global-config", `--log-format=${theirs}`, "-o", report]);
      expect([format, done.status]).toEqual([format, 0]);
      const { general, requests: paths, status_codes: codes } = JSON.parse(readFileSync(report, "utf8"));
      expect([format, general.valid_requests, general.failed_requests]).toEqual([format, 3, 0]);
      expect(paths.data.map(({ data }: { data: string }) => data).toSorted()).toContain("/two");
      expect(JSON.stringify(codes.data)).toContain("502");
    }
  }); // biome-ignore format: one thought

  withProgram("fail2ban-regex", "fail2ban finds the address of who failed", async () => {
    const path = newPath();
    writeFileSync(path, `${(await logged("combined", requests)).join("\n")}\n`);
    const found = spawnSync("fail2ban-regex", [path, '^<HOST> - \\S+ \\[\\] "[^"]*" 502 ']);
    expect(found.stdout.toString()).toMatch(/Failregex: 1 total/);
    const json = newPath();
    writeFileSync(json, `${(await logged("json", requests)).join("\n")}\n`);
    const inJson = spawnSync("fail2ban-regex", [json, '"client_ip":"<HOST>".*"status":502']);
    expect(inJson.stdout.toString()).toMatch(/Failregex: 1 total/);
  });
});

describe("trouble", () => {
  const droppedBy = (server: Server) =>
    [...server.handlerRows()].reduce(
      (sum, row) => sum + row[slotStart(0) + Place.logLinesDropped]! + row[slotStart(3) + Place.logLinesDropped]!,
      0,
    );

  test.each(["/dev/full", "/proc/no/such/folder/access.log"])(
    "requests are answered while %s takes nothing, and lost lines are counted",
    async (file) => {
      const proxy = await startProxy(optionsFor("json", file));
      const request = `GET /${"x".repeat(2000)} HTTP/1.1\r\nHost: hello.home.arpa\r\n\r\n`;
      try {
        for (let i = 0; i < 8; i++) {
          const answer = await exchange(proxy.port!, request.repeat(100) + get("/", "hello.home.arpa"));
          expect([statusOf(answer), answer.split("HTTP/1.1 200").length]).toEqual([200, 102]);
        }
        expect(droppedBy(proxy)).toBeGreaterThan(100);
        expect(bodyOf(await exchange(proxy.port!, get("/", "hello.home.arpa")))).toBe("hello");
      } finally {
        await proxy.stop({ graceMs: 0 });
      }
    },
  );

  test("event loops on threads write whole lines to one file, also at their end", async () => {
    const path = newPath();
    const options = optionsFor("json", path, { accessLog: { format: "json", file: path, flushMs: 60_000 } });
    const proxy = await listen(
      { host: "127.0.0.1", port: 0, halfOpen: true, workers: 2, handlerCounts: PROXY_COUNTS, handlerOptions: options },
      PROXY_MODULE,
    );
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => exchange(proxy.port!, get(`/${index}`, "hello.home.arpa"))),
    );
    expect(answers.map(statusOf)).toEqual(answers.map(() => 200));
    await proxy.stop({ graceMs: 1000 });
    await until(() => linesOf(path).length === 60);
    const uris = linesOf(path).map((line) => JSON.parse(line).request.uri);
    expect(new Set(uris).size).toBe(60);
  }, 20_000);
});
