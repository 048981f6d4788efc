import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Limit, Report } from "../../src/load/mod.ts";
import { readWriteRequest, unsnappy } from "../metrics/remote-write-support.ts";
import { type Ended, startTenk, type Tenk, tenk } from "./tenk.ts";

/** tenk's own site, which speaks HTTP/1.1 and HTTP/2, and a folder for what the runs write. */
let instance: Tenk;
let words: readonly string[];
let url = "";
const folder = mkdtempSync(join(tmpdir(), "tenk-engine-"));

beforeAll(async () => {
  instance = startTenk(["up", "--https", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--json"]);
  const [line] = await instance.sees("stdout", /^.*\n/);
  const { listeners, localRoot } = JSON.parse(line);
  url = `https://localhost:${listeners[0].port}/`;
  writeFileSync(join(folder, "root.crt"), localRoot);
  words = ["load", "http", "-c", "2", "--ca", join(folder, "root.crt"), "--no-live", "--json", "-"];
});
afterAll(async () => {
  instance.child.kill("SIGTERM");
  await instance.ended;
  rmSync(folder, { recursive: true, force: true });
});

function reportOf({ stdout, stderr }: Ended): Report & { limit?: Limit } {
  if (!stdout.startsWith("{")) throw new Error(`no report:\n${stdout}${stderr}`);
  return JSON.parse(stdout);
}

/** Takes what is pushed. */
async function startReceiver() {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks));
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    values: (name: string) =>
      bodies
        .flatMap((body) => readWriteRequest(unsnappy(body)))
        .filter(({ labels }) => labels.some(([key, value]) => key === "__name__" && value === name))
        .flatMap(({ values }) => values)
        .filter((value) => !Number.isNaN(value)),
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

describe.each([
  ["HTTP/1.1", "1.1", []],
  ["HTTP/2", "2", ["--http2", "-p", "2"]],
] as const)("over %s", (_, version, more) => {
  test.each([
    ["closed", ["-d", "300ms"]],
    ["open", ["-d", "300ms", "--shape", "ramp:50..200/300ms"]],
  ] as const)("a run of the %s model is judged, pushed, kept, compared, and written as a page", async (model, pace) => {
    await using receiver = await startReceiver();
    const html = join(folder, `${version}-${model}.html`);
    const result = ["--expect", "errors=0", "--expect", "2xx=100%", "--html", html, "--push", receiver.url];
    const run = await tenk([...words, ...more, ...pace, ...result, url]);
    const { verdict, protocol, messages } = reportOf(run);
    expect([run.code, verdict.checks.map(({ pass }) => pass)]).toEqual([0, [true, true]]);
    expect(protocol).toMatchObject({ kind: "http", version, model });
    expect(receiver.values("tenk_load_messages_sent_total").at(-1)).toBe(messages.sent);
    expect(readFileSync(html, "utf8")).toContain(`"kind":"http","version":"${version}"`);
    const [, id = ""] = /run kept.* id=(\w+)/.exec(run.stderr) ?? [];
    const compared = await tenk(["runs", "compare", id, id]);
    expect(compared.stdout).toMatch(/^requests a second .* same/m);
    expect(/^late /m.test(compared.stdout)).toBe(model === "open");
  });

  test.each([
    ["rate", ["-R", "40", "-d", "100ms", "--expect", "answered<=6"], 40, 80],
    ["connections", ["-n", "20", "--expect", "connections<=3"], 3, 4],
  ] as const)("the limit by %s is searched", async (vary, pace, atLeast, below) => {
    const { limit } = reportOf(
      await tenk([...words, ...more, ...pace, "--find-limit", "--vary", vary, "--no-save", url]),
    );
    expect(limit).toMatchObject({ vary });
    expect(limit?.knee).toBeGreaterThanOrEqual(atLeast);
    expect(limit?.brokenAt).toBeLessThanOrEqual(below);
  });
});
