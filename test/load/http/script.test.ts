import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askedServer, tally } from "./asked-server.ts";
import { rawServer, runHttp } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-script-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

function scriptOf(text: string, args: readonly string[] = []) {
  const file = join(folder, `script${count++}.ts`);
  writeFileSync(file, text);
  return { script: { file, args } };
}

const EACH = [
  ["1.1", 1],
  ["1.1", 2],
  ["2", 1],
  ["2", 2],
] as const;

describe.each(EACH)("a script over HTTP/%s, on %d event loops", (version, workers) => {
  const base = { http2: version === "2", connections: 2, workers };

  test("makes requests of its own, sees answers and keeps what it needs of each connection", async () => {
    await using server = await askedServer(version, (response, { path, headers }) => {
      if (path === "/login") response.setHeader("X-Token", `t${headers["x-user"]}`);
      response.statusCode = path === "/gone" ? 404 : 200;
      response.end(path);
    });
    const script = scriptOf(
      `import type { ScriptContext, ScriptRequest } from "tenk";
      const seen = new Map<number, number>();
      export async function init({ args, worker, workers, count }) {
        await Promise.resolve();
        if (args[0] !== "word" || workers !== ${workers} || worker >= workers) throw new Error("wrong");
        count("loops");
      }
      const frozen: ScriptRequest = Object.freeze({ path: "/frozen", method: "DELETE" });
      export function request({ connection, state }: ScriptContext): ScriptRequest | string | undefined {
        const step = ((state.step as number) ?? -1) + 1;
        state.step = step;
        if (step === 0) return { path: "/login", headers: { "X-User": String(connection) } };
        if (step % 4 === 1) return { path: "/buy?n=" + step, body: "token=" + state.token, headers: { "x-base": "new" } };
        if (step % 4 === 2) return "/gone";
        return step % 4 === 3 ? frozen : undefined;
      }
      export function response(status: number, headers: Record<string, string>, body: string, context: ScriptContext) {
        if (headers["x-token"]) context.state.token = headers["x-token"];
        context.count("status " + status);
        if (body === "/login") context.count("logins", 2);
      }`,
      ["word"],
    );
    const options = {
      ...base,
      ...script,
      requests: 82,
      headers: [["X-Base", "old"]] as const,
      expectStatus: "200,404",
    };
    const { protocol } = await runHttp(`${server.url}/base`, options);
    expect(protocol).toMatchObject({ errors: 0 });
    expect(protocol.script).toEqual({
      loops: workers,
      logins: 4,
      "status 200": protocol.status[200]!,
      "status 404": protocol.status[404]!,
    });
    const seen = tally(server.asked.map(({ method, path }) => `${method} ${path.replace(/\?.*/, "?…")}`));
    expect(Object.fromEntries(protocol.requests!.map(({ name, sent }) => [name, sent]))).toEqual(seen);
    expect(Object.keys(seen).sort()).toEqual(["DELETE /frozen", "GET /base", "GET /gone", "GET /login", "POST /buy?…"]);
    for (const { path, body, headers, connection } of server.asked) {
      const user = server.asked.find((each) => each.path === "/login" && each.connection === connection)!.headers[
        "x-user"
      ];
      if (path.startsWith("/buy")) expect([body, headers["x-base"]]).toEqual([`token=t${user}`, "new"]);
      else expect([body, headers["x-base"]]).toEqual(["", "old"]);
    }
  });
});

describe.each([
  ["1.1", 1],
  ["2", 2],
] as const)("a script over HTTP/%s, on %d event loops", (version, workers) => {
  const base = { http2: version === "2", connections: 2, workers };

  test.each([
    ["request", "export function request(context) {\n  const { state } = context;\n  return state.a.b;\n}", ".ts:3:"],
    ["request", "export function request() {\n  return { path: '/a b' };\n}", 'path "/a b" cannot be sent'],
    [
      "request",
      "export function request() {\n  return { headers: { a: 'b\\r\\nc' } };\n}",
      "Invalid value of the field a",
    ],
    ["request", "export const request = async () => '/';", "it returned a promise"],
    ["request", "export const request = () => 5;", "it returned 5, expected a request"],
    [
      "request",
      "export const request = () => ({ body: 'x'.repeat(2000000) });",
      "its body is longer than 1048576 bytes",
    ],
    ["response", "export function response(status) {\n  throw new Error('not this ' + status);\n}", "not this 200\n"],
    ["init", "export function init() {\n\n  throw new Error('no start');\n}", "no start\n"],
    [
      "init",
      "export const init = ({ count }) => { for (let i = 0; i < 200; i++) count('c' + i); };",
      "at most 100 are kept",
    ],
  ])("that fails in %s ends the run with file, line and function: %s", async (name, text, why) => {
    await using server = await askedServer(version);
    const { script } = scriptOf(text);
    const error = await runHttp(server.url, { ...base, script, requests: 1_000_000 }).catch(
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(Error);
    const { message } = error as Error;
    expect(message).toContain(`failed in ${name}: `);
    expect(message).toContain(script.file.split("/").at(-1)!);
    expect(message).toContain(why);
    if (/\n\s*(throw|return state)/.test(text)) expect(message).toMatch(/script\d+\.ts:\d+:\d+\n/);
  });
});

test.each([
  ["export const helper = 5;", "it exports none of init, request, response, done"],
  ["export const request = 5;", "its request must be a function"],
  ["export function reqest() {}", "it exports reqest, did you mean request?"],
  ["export function request( {", "Cannot load"],
])("%j is refused", async (text, why) => {
  await using server = await askedServer("1.1");
  await expect(runHttp(server.url, scriptOf(text))).rejects.toThrow(why);
});

test("a script that is not there is refused", async () => {
  await expect(runHttp("http://127.0.0.1:1/", { script: { file: "/nowhere/a.ts", args: [] } })).rejects.toThrow(
    "there is no such file",
  );
});

test("a script that only looks at answers gets as much of them as it declares, in one piece", async () => {
  const body = "é".repeat(60_000);
  await using server = await rawServer((socket) => {
    const bytes = Buffer.from(
      `HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    for (let at = 0; at < bytes.length; at += 10_001) socket.write(bytes.subarray(at, at + 10_001));
  });
  const script = scriptOf(`export function response(status, headers, body, { count }) {
    count([status, headers.a, body === "é".repeat(60_000), Object.keys(headers).length].join());
  }`);
  const { protocol } = await runHttp(server.url, { ...script, requests: 5 });
  expect(protocol.script).toEqual({ "200,1, 2,true,2": 5 });
  expect(protocol).not.toHaveProperty("requests");
});

test("done gets the report once, whatever the number of event loops, and may fail", async () => {
  await using server = await askedServer("1.1");
  const file = join(folder, "told");
  const script = scriptOf(`import { appendFileSync } from "node:fs";
  export async function done(report) {
    await Promise.resolve();
    appendFileSync(${JSON.stringify(file)}, report.messages.answered + " " + report.protocol.status[200] + "\\n");
  }`);
  await runHttp(server.url, { ...script, requests: 10, workers: 2, connections: 2 });
  expect(await Bun.file(file).text()).toBe("10 10\n");
  const failing = scriptOf("export function done() {\n  throw new Error('bad end');\n}");
  await expect(runHttp(server.url, { ...failing, requests: 1 })).rejects.toThrow("failed in done: bad end");
});

test("a script cannot make what it does not say: expressions and several URLs are refused", async () => {
  const script = scriptOf("export const request = () => '/';");
  await expect(runHttp("http://127.0.0.1:1/\\{connection.uid}", script)).rejects.toThrow("a script makes the requests");
});
