import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { commandLine } from "../../src/cli/command-line.ts";
import { failureOf } from "../../src/cli/failure.ts";
import { addHttpOptions, type HttpWords, httpOptionsOf } from "../../src/cli/load-http-options.ts";
import { REFUSED_OF_HTTP } from "../../src/cli/wrk.ts";
import { EXPECTABLE_OF_HTTP, planHttp } from "../../src/load/mod.ts";
import { rawServer } from "../load/http/support.ts";
import { tenk, withFolder } from "./tenk.ts";

const URL_TEXT = "http://127.0.0.1:8080/";
const page = readFileSync(join(import.meta.dirname, "../../docs/load-http.md"), "utf8");

function read(words: readonly string[], urls: readonly string[] = [URL_TEXT], cores = 4) {
  const command = new Command("http")
    .argument("<url...>")
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  addHttpOptions(command);
  command.parse([...words, ...urls], { from: "user" });
  return planHttp(httpOptionsOf(command.args, command.opts<HttpWords>(), cores));
}

function refusal(words: readonly string[]): string {
  try {
    read(words);
  } catch (error) {
    expect(failureOf(error).exitCode).toBe(2);
    return failureOf(error).text;
  }
  throw new Error(`expected ${words.join(" ")} to be refused`);
}

describe("spellings of other generators", () => {
  test.each<[string[], object]>([
    [["-t", "2", "-c", "64", "-d20s"], { workers: 2, connections: 64, durationMs: 20_000 }],
    [["-t2", "-c400", "-d", "30"], { workers: 2, connections: 400, durationMs: 30_000 }],
    [["-z", "5s"], { durationMs: 5000 }],
    [["-n", "10k"], { maxMessages: 10_000, durationMs: Number.POSITIVE_INFINITY }],
    [["-R", "8000"], { totalRate: 8000, pace: "total" }],
    [["--shape", "ramp:10..100"], { totalRate: 100, pace: "total" }],
    [["-R", "100", "-n", "50"], { durationMs: 500 }],
    [["--latency"], { percentiles: [75] }],
    [["--timeout", "2s"], { timeoutMs: 2000, answerTimeoutMs: 2000 }],
    [["--insecure"], { verifyTls: false }],
    [["--disable-keepalive"], { keepAlive: false }],
    [["--http2", "-p", "10"], { http2: true, pipeline: 10 }],
    [["--pipeline", "4"], { http2: false, pipeline: 4 }],
    [
      ["--connect-to", "127.0.0.1:8080:[::1]:81"],
      { host: "::1", port: 81, serverName: "127.0.0.1", target: "[::1]:81" },
    ],
    [["--unix-socket", "/run/a.sock"], { path: "/run/a.sock", target: "/run/a.sock" }],
    [["-m", "DELETE"], { method: "DELETE" }],
    [["--body", "a"], { method: "POST" }],
  ])("%j", (words, plan) => {
    expect(read(words)).toMatchObject(plan);
  });

  test.each([
    [["-t", "32", "-c", "64"], 4],
    [["-t", "3", "-c", "64"], 3],
    [["-t", "32", "-c", "2"], 2],
    [["-t", "auto", "-c", "64"], 4],
    [[], 1],
  ])("of wrk's threads as many event loops are started as there are cores and connections: %j", (words, workers) => {
    expect(read(words).workers).toBe(workers);
  });

  test("fields and the type of the body are in the request", () => {
    const { requests } = read(["-H", "X-A: 1", "-H", "X-B:2 ", "--body", "{}", "-T", "application/json"]);
    const headers = [["X-A", "1"], ["X-B", "2"], ["Content-Type", "application/json"]]; // biome-ignore format: one thought
    expect(requests.specs).toMatchObject([{ method: "POST", headers, body: "{}" }]);
  });

  test("several URLs are asked for in equal shares, those of a file by weight", async () => {
    const { requests } = read([], [URL_TEXT, `${URL_TEXT}a`]);
    expect(requests.specs).toMatchObject([{ name: "GET /", weight: 1 }, { name: "GET /a", weight: 1 }]); // biome-ignore format: one thought
    await withFolder(async (folder) => {
      const file = join(folder, "urls");
      writeFileSync(file, `# two\n3 ${URL_TEXT}\nPUT ${URL_TEXT}\\{<${file}>}\n`);
      const { specs, files } = read(["--urls-from-file", "--body", "x"], [file]).requests;
      expect(specs).toMatchObject([{ method: "POST", weight: 3 }, { method: "PUT", weight: 1, body: "x" }]); // biome-ignore format: one thought
      expect([...files.keys()]).toEqual([file]);
      expect(() => read(["--urls-from-file"], [file, file])).toThrow("takes one file, not 2");
    });
  });

  test("a random URL is an expression, with oha's bound", () => {
    const { requests, url } = read(["--rand-regex-url", "--max-repeat", "7"], [`${URL_TEXT}a.b*`]);
    expect(requests).toMatchObject({ maxRepeats: 7, specs: [{ path: "/\\{re a\\.b*}", name: "GET /a.b*" }] });
    expect(url).toBe(`${URL_TEXT}a.b*`);
    expect(read(["--rand-regex-url"]).requests.maxRepeats).toBe(4);
  });

  test("a HAR file is sent in its order, with cookies where they are asked for", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "a.har");
      const headers = [{ name: "Cookie", value: "a=1" }];
      const entries = [
        { request: { method: "GET", url: `${URL_TEXT}b`, headers } },
        { request: { url: "http://b.example" } },
      ];
      writeFileSync(file, JSON.stringify({ log: { entries } }));
      expect(read(["--har", file]).requests).toMatchObject({
        order: "in-turn",
        specs: [{ name: "GET /b", headers: [] }],
      });
      expect(read(["--har", file, "--har-cookies"]).requests.specs[0]!.headers).toEqual([["Cookie", "a=1"]]);
      expect(read(["--har", file, "--cookies"]).requests.cookies).toEqual({ host: "127.0.0.1", isSecure: false });
      expect(() => read(["--har", file, "--cookies", "--har-cookies"])).toThrow("cannot be used with");
      expect(() => read(["--har", file, "--body", "x"])).toThrow("cannot be used with");
      expect(() => read(["--har", file], [URL_TEXT, URL_TEXT])).toThrow("--har takes one URL");
    });
    expect(refusal(["--har-cookies"])).toContain("--har-cookies needs --har");
  });

  test.each([
    [["-d", "{}"], 'Cannot read "{}" as a duration'],
    [["-d", "{}"], "a body is --body TEXT or -D FILE"],
    [["-t", "5s"], "--timeout 5s is the timeout"],
    [["-T", "30s"], "-d 30s is the duration"],
    [["-H", "nothing"], 'Cannot read "nothing": expected "Name: value"'],
    [["--expect-status", "20"], "--expect-status <list>"],
    [["--expect", "p99"], 'Cannot read the expectation "p99"'],
    [["-p", "4"], "-p needs --http2"],
    [["-p", "body.json"], "-D body.json sends a file"],
    [["--http2", "--pipeline", "4"], "-p 4 sends as many streams at a time"],
    [["--connect-to", "a:1:b:2"], "for example 127.0.0.1:8080:127.0.0.1:8080"],
    [["-h2"], "--http2"],
    [["-D", "/nowhere/body"], "Cannot read /nowhere/body: there is no such file"],
  ])("%j is refused with what is meant: %s", (words, why) => {
    expect(refusal(words)).toContain(why.replace(" <list>", ""));
  });

  test.each(REFUSED_OF_HTTP)("$flags of $of is refused by name, and in the documentation", ({ flags, of }) => {
    const [name = ""] = flags.split(/[ ,]/);
    expect(refusal(flags.includes("[") ? [name, "1"] : [name])).toContain(`is not carried over from ${of}: `);
    expect(page).toContain(name);
  });
});

test("every option is in the documentation", () => {
  const command = new Command("http");
  addHttpOptions(command);
  for (const { long, short, hidden } of command.options) {
    if (!hidden) expect(page).toContain(`${long ?? short}`);
  }
});

test.each([
  [["-H", "Authorization: Bearer abc"], "-H 'Authorization: …'"],
  [["-HCookie: a=b"], "'-HCookie: …'"],
  [["--header=X-Api-Key: abc"], "'--header=X-Api-Key: …'"],
  [["-H", "Accept: */*"], "-H 'Accept: */*'"],
  [["-s", "a.ts", "http://a.example/", "alice", "secret", "-c", "4"], "-s a.ts http://a.example/ '…' '…' -c 4"],
  [["-c", "4", "-sa.ts", "http://a.example/", "--", "-x", "secret"], "-c 4 -sa.ts http://a.example/ -- '…' '…'"],
  [["http://user:secret@a.example/b?token=1"], "http://a.example/b"],
])("a command line is kept without secrets: %j", (words, shown) => {
  expect(commandLine(["load", "http", ...words])).toBe(`tenk load http ${shown}`);
});

describe("tenk load http", () => {
  const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  test("prints what wrk's users look for, and writes the report as JSON", async () => {
    await using server = await rawServer((socket) => void socket.write(OK));
    await withFolder(async (folder) => {
      const file = join(folder, "report.json");
      const { code, stdout } = await tenk([
        "load",
        "http",
        "-c",
        "2",
        "-n",
        "100",
        "--no-save",
        "--json",
        file,
        `${server.url}?token=abc`,
      ]);
      expect(stdout).toStartWith(`\n${server.url}?…  2 connections at once, "GET /?…" of `);
      expect(stdout.split("\n")[1]).toEndWith(", until 100 are answered");
      expect(stdout).toMatch(/^requests +100 answered, [\d.k]+\/s {2}0 errors$/m);
      expect(stdout).toMatch(/^status +100 2xx$/m);
      expect(stdout).toContain("closed model: each connection sends its next request when an answer has come.");
      expect(stdout).toMatch(/^latency +p50 +p90 +p99 +p99\.9 +max +count$/m);
      expect(stdout).toMatch(/^response .* 100$/m);
      expect(stdout).toContain("\nPASS");
      expect(code).toBe(0);
      const report = JSON.parse(readFileSync(file, "utf8"));
      expect(report).toMatchObject({
        kind: "http",
        protocol: { kind: "http", version: "1.1", status: { 200: 100 }, model: "closed" },
      });
      expect(JSON.stringify(report)).not.toContain("abc");
      expect(server.seen.requests).toBe(100);
    });
  });

  test("names the open model, and both latencies", async () => {
    await using server = await rawServer((socket) => void socket.write(OK));
    const words = ["-t", "200", "-c", "2", "-R", "100", "-d", "300ms"];
    const { stdout, stderr } = await tenk(["load", "http", ...words, "--no-save", server.url]);
    expect(stderr).toContain("fewer event loops than -t: one for each core or connection asked=200");
    expect(stdout).toMatch(/^requests +30 planned {2}30 answered/m);
    expect(stdout).toContain("open model: requests are planned");
    expect(stdout).toContain("response, from its planned moment");
    expect(stdout).toContain("response, from when it was sent");
  });

  test("exits 1 when answers are not as expected", async () => {
    await using server = await rawServer((socket) => void socket.write(OK.replace("200 OK", "503 Busy")));
    const { code, stdout } = await tenk(["load", "http", "-n", "10", "-c", "1", "--no-save", server.url]);
    expect(stdout).toMatch(/^status +10 5xx \(10 503\) {2}10 not expected$/m);
    expect(stdout).toContain("does not hold: wrongstatus=0");
    expect(code).toBe(1);
  });

  test("has the requests of each URL", async () => {
    await using server = await rawServer((socket) => void socket.write(OK));
    const { stdout } = await tenk([
      "load",
      "http",
      "-n",
      "50",
      "-c",
      "1",
      "--no-save",
      `${server.url}a?x`,
      `${server.url}b`,
    ]);
    expect(stdout).toStartWith(`\n${server.url}  1 connection at once, "2 of: GET /a?…, GET /b"`);
    expect(stdout).toMatch(/^by URL +sent +p50 +p90 +p99 +errors +status$/m);
    expect(stdout).toMatch(/^GET \/a\?… +\d+ .* 0 +\d+ 200$/m);
    expect(stdout).toMatch(/^GET \/b +\d+ .* 0 +\d+ 200$/m);
  });

  test("runs a script, and ends with its line where it fails", async () => {
    await using server = await rawServer((socket) => void socket.write(OK));
    await withFolder(async (folder) => {
      const file = join(folder, "script.ts");
      writeFileSync(
        file,
        "export function request({ args, count }) {\n  if (args[0] === 'bad') throw new Error('as told');\n  count(args[0]);\n  return '/a';\n}\nexport const done = ({ messages }) => console.log('done ' + messages.answered);\n",
      );
      const words = ["load", "http", "-n", "9", "-c", "2", "-t", "2", "--no-save", "-s", "script.ts", server.url];
      const good = await tenk([...words, "--", "word"], { cwd: folder });
      expect(good.stdout).toMatch(/^done 9$/m);
      expect(good.stdout).toMatch(/^script +9 word$/m);
      expect(good.code).toBe(0);
      const bad = await tenk([...words, "bad"], { cwd: folder });
      expect(bad.stderr).toContain("The script script.ts failed in request: as told\nscript.ts:2:");
      expect(bad.code).toBe(2);
    });
  });

  test("sends a body from a file", async () => {
    await using server = await rawServer((socket) => void socket.write(OK));
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "body"), "x=1");
      const { code } = await tenk(["load", "http", "-n", "3", "-c", "1", "--no-save", "-D", "body", server.url], {
        cwd: folder,
      });
      expect(code).toBe(0);
    });
  });
});

test("every name for --expect is in the documentation", () => {
  const all = page + readFileSync(join(import.meta.dirname, "../../docs/load.md"), "utf8");
  const classes = ["2xx", "3xx", "4xx"];
  for (const name of EXPECTABLE_OF_HTTP) if (!classes.includes(name)) expect(all).toContain(`\`${name}\``);
});
