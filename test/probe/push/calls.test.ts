import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findToken, type Instance } from "../../../src/app/mod.ts";
import type { ProbeView } from "../../../src/probe/mod.ts";
import { withInstance } from "../../app/reload-support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-push-calls-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const text = (services: string) => `proxy: off
data: { folder: ${folder} }
services: { ${services} }
probe: {}
`;
const BACKUP = "backup: { kind: push, probe: { every: 24h, grace: 1h } }";
const keyOf = (name: string) => JSON.parse(readFileSync(join(folder, "push-keys.json"), "utf8"))[name] as string;

async function stateOf(instance: Instance, name: string) {
  const view = (await instance.status()).parts.probe as ProbeView;
  return view.services.find(({ service }) => service === name)!;
}

async function untilState(instance: Instance, name: string, state: string) {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await stateOf(instance, name);
    if (found.state === state) return found;
    if (performance.now() > deadline) throw new Error(`${name} is ${found.state}: ${found.reason}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a job calls without a login, by GET, HEAD and POST; its failure is an alert at once, with what it said", async () => {
  await withInstance({}, text(BACKUP), async (instance, _, __, said) => {
    const url = `${instance.statusUrl}push/backup/${keyOf("backup")}`;
    // From another machine, as far as the dashboard can tell: nobody is let in for being here.
    const headers = { "x-forwarded-for": "192.0.2.9" };
    const call = async (path = "", init: RequestInit = {}) => {
      const response = await fetch(url + path, { headers, ...init });
      return [response.status, await response.text()];
    };
    expect(await call()).toEqual([200, "OK\n"]);
    expect((await untilState(instance, "backup", "up")).reason).toStartWith("called ");
    expect(await call("", { method: "HEAD" })).toEqual([200, ""]);
    expect(await call("/start", { method: "POST" })).toEqual([200, "OK\n"]);
    expect(await call("/3", { method: "POST", body: "<b>no space left</b>\n" })).toEqual([200, "OK\n"]);
    const failed = await untilState(instance, "backup", "down");
    expect(failed.reason).toMatch(/^failed with exit code 3(.* ago)?: <b>no space left<\/b>$/);
    expect(await call()).toEqual([200, "OK\n"]);
    expect((await untilState(instance, "backup", "up")).latencyMs).toBeGreaterThanOrEqual(0);
    // Of any other method there is nothing.
    expect((await call("", { method: "PUT" }))[0]).toBe(405);
    expect(said().filter((line) => line.startsWith("service"))).toContain("service down");
    expect(JSON.stringify(await instance.status())).not.toContain(keyOf("backup"));
  });
});

test("who does not know the key learns nothing: neither which services there are, nor that there is a key", async () => {
  await withInstance({}, text(`${BACKUP}, web: { respond: hi }`), async (instance) => {
    const answers = new Set<string>();
    for (const path of ["backup/wrong", "web/wrong", "nobody/wrong", `web/${keyOf("backup")}`, "backup", "a/b/c/d"]) {
      for (const method of ["GET", "POST"]) {
        const response = await fetch(`${instance.statusUrl}push/${path}`, { method });
        answers.add(`${response.status} ${await response.text()} ${response.headers.get("content-type")}`);
      }
    }
    expect([...answers]).toEqual(["404 not found\n text/plain; charset=utf-8"]);
    const families = await instance.families();
    const rejected = families.find(({ name }) => name.startsWith("tenk_probe_push_rejected"))!;
    expect(rejected.samples.find(({ labels }) => labels?.reason === "unknown")?.value).toBe(12);
  });
});

test("the key is told to nobody who may only read, and another replaces it", async () => {
  await withInstance({}, text(BACKUP), async (instance) => {
    const ask = (body: object, authorization?: string) =>
      fetch(`${instance.statusUrl}api/probe/push-key`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", "x-tenk": "1", ...(authorization && { authorization }) },
      });
    const before = `push/backup/${keyOf("backup")}`;
    expect((await fetch(`${instance.statusUrl}api/probe/push-key`)).status).toBe(405);
    expect((await ask({ service: "backup" })).status).toBe(403);
    const owner = `Bearer ${findToken(folder)}`;
    expect(await (await ask({ service: "backup" }, owner)).json()).toEqual({ path: before });
    const { path } = (await (await ask({ service: "backup", renew: true }, owner)).json()) as { path: string };
    expect((await fetch(instance.statusUrl + before)).status).toBe(404);
    expect((await fetch(instance.statusUrl + path)).status).toBe(200);
    expect((await ask({ service: "__proto__" }, owner)).status).toBe(404);
  });
});

test("curl, as cron calls it: with a body of a megabyte, and one that expects to be asked for it", async () => {
  await withInstance({}, text(BACKUP), async (instance) => {
    const url = `${instance.statusUrl}push/backup/${keyOf("backup")}`;
    const curl = async (input: string, ...words: string[]) => {
      const child = spawn("curl", ["-fsS", "-m", "20", ...words], { stdio: ["pipe", "pipe", "inherit"] });
      let answer = "";
      child.stdout.on("data", (bytes) => { answer += bytes; }); // biome-ignore format: one thought
      child.stdin.end(input);
      const [status] = await once(child, "close");
      return [status, answer];
    };
    const body = `${"x".repeat(1_000_000)} the end`;
    expect(await curl(body, "--data-binary", "@-", "-H", "Expect: 100-continue", `${url}/fail`)).toEqual([0, "OK\n"]);
    expect((await untilState(instance, "backup", "down")).reason).toEndWith("xx the end");
    expect(await curl("", "-s", `${url}x`)).toEqual([22, ""]);
    expect(await curl("", url)).toEqual([0, "OK\n"]);
    await untilState(instance, "backup", "up");
  });
});

test("a reload keeps what is known of a job, and a schedule that is none changes nothing", async () => {
  await withInstance({}, text(BACKUP), async (instance, reload) => {
    await fetch(`${instance.statusUrl}push/backup/${keyOf("backup")}/fail`);
    await untilState(instance, "backup", "down");
    const other = "backup: { kind: push, probe: { schedule: 0 3 * * *, timeZone: Europe/Berlin } }";
    expect(await reload(text(`${other}, more: { kind: push }`))).toBe("reloaded");
    expect((await untilState(instance, "backup", "down")).reason).toContain("failed");
    await untilState(instance, "more", "unknown");
    expect(await reload(text(other.replace("0 3", "0 33")))).toContain('Cannot read the schedule "0 33 * * *"');
  });
});
