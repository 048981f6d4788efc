/** A target that is killed and started again under load: only requests that cannot be repeated safely fail, and each is logged. */
import { afterAll, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort, until } from "../net/support.ts";
import { proxyOptions, startProxy } from "./support.ts";

const KILLS = Number(process.env.TENK_RUNS ?? 2);
const CLIENTS = 8;

/** Counts what it was asked to do, and answers a moment later: a kill finds requests in progress. */
const TARGET = `
const server = require("node:http").createServer((request, response) => {
  request.resume().on("end", () => {
    console.log(request.headers["x-number"]);
    setTimeout(() => response.end("done"), Math.random() * 8);
  });
});
server.listen(Number(process.argv[1]), "127.0.0.1", () => console.log("up"));
`;
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

test(
  "two targets, one of which is killed again and again: nothing fails but posts that it may have begun",
  async () => {
    const ports = [await freePort(), await freePort()];
    /** How often each request was begun by a target. */
    const begun = new Map<string, number>();
    const start = async (port: number): Promise<ChildProcess> => {
      const child = spawn("node", ["-e", TARGET, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
      children.push(child);
      const lines = createInterface(child.stdout!);
      await once(lines, "line");
      lines.on("line", (number: string) => begun.set(number, (begun.get(number) ?? 0) + 1));
      return child;
    };
    let [killed] = await Promise.all(ports.map(start));
    const urls = ports.map((port) => `"http://127.0.0.1:${port}"`).join(", ");
    const folder = mkdtempSync(join(tmpdir(), "tenk-test-"));
    const file = join(folder, "access.log");
    const server = await startProxy(
      proxyOptions(
        `  a: { targets: [${urls}], hosts: ["*"], plainHttp: serve, health: { backOff: 20ms, maxBackOff: 20ms } }`,
        { accessLog: { format: "json", file, flushMs: 10 } },
      ),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
    let [isOver, number] = [false, 0];
    const answered = { GET: 0, POST: 0 };
    const failed: { method: string; status: number; number: string }[] = [];
    const one = async (method: "GET" | "POST") => {
      const own = String(number++);
      const headers = { host: "a.example", "x-number": own, ...(method === "POST" && { "content-length": 5 }) };
      const sent = request({ host: "127.0.0.1", port: server.port, agent, method, headers });
      sent.end(method === "POST" ? "hello" : undefined);
      const [answer] = await once(sent, "response");
      for await (const _ of answer) {
        // read to its end
      }
      if (answer.statusCode === 200) answered[method] += 1;
      else failed.push({ method, status: answer.statusCode, number: own });
    };
    const client = async (_: unknown, index: number) => {
      while (!isOver) await one(index % 2 === 0 ? "GET" : "POST");
    };
    const clients = Promise.all(Array.from({ length: CLIENTS }, client));
    for (let kill = 0; kill < KILLS; kill++) {
      const before = answered.GET;
      await until(() => answered.GET > before + 40, 60_000);
      const gone = once(killed!, "close");
      killed!.kill("SIGKILL");
      await gone;
      const without = answered.GET;
      await until(() => answered.GET > without + 40, 60_000);
      killed = await start(ports[0]!);
    }
    isOver = true;
    await clients;
    agent.destroy();
    // A kill finds at most the posts in progress.
    expect(failed.filter(({ method }) => method !== "POST")).toEqual([]);
    for (const { number } of failed) expect(begun.get(number) ?? 0).toBeLessThanOrEqual(1);
    expect(failed.every(({ status }) => status === 502)).toBe(true);
    expect(failed.length).toBeLessThanOrEqual((KILLS * CLIENTS) / 2);
    expect(answered.POST).toBeGreaterThan(KILLS * 20);
    await server.stop();
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    const logged: { status: number }[] = lines.map((line) => JSON.parse(line));
    rmSync(folder, { recursive: true });
    expect(logged).toHaveLength(answered.GET + answered.POST + failed.length);
    expect(logged.filter(({ status }) => status !== 200).map(({ status }) => status)).toEqual(failed.map(() => 502));
    if (process.env.TENK_RUNS) console.log({ answered, failed: failed.length, kills: KILLS });
  },
  60_000 + KILLS * 10_000,
);
