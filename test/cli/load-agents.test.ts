import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentName, controllerOf } from "../../src/cli/agent.ts";
import { givenKey } from "../../src/cli/load-agents.ts";
import { agentTable } from "../../src/cli/report-agents.ts";
import { paintsFor } from "../../src/cli/terminal.ts";
import type { AgentReport, Report } from "../../src/load/mod.ts";
import { startTenk } from "./tenk.ts";

const LISTEN = ["--agents-listen", "127.0.0.1:0"];

describe("tenk load --agents", () => {
  test("prints the command of an agent, sends a script along, and merges what its copies count", async () => {
    const paths = new Map<string, number>();
    const server = createServer((request, response) => {
      paths.set(request.url!, (paths.get(request.url!) ?? 0) + 1);
      response.end("ok");
    }).listen(0, "127.0.0.1");
    const folder = mkdtempSync(join(tmpdir(), "tenk-script-"));
    try {
      mkdirSync(join(folder, "lib"));
      writeFileSync(join(folder, "lib/path.ts"), `export const path = (user: string) => "/of/" + user;`);
      writeFileSync(
        join(folder, "users.ts"),
        `import { writeFileSync } from "node:fs";
         import { path } from "./lib/path.ts";
         export function request({ args, count }) { count("asked"); return path(args[0]); }
         export function done(report) { writeFileSync(${JSON.stringify(join(folder, "done"))}, String(report.messages.sent)); }`,
      );
      const { port } = server.address() as AddressInfo;
      const json = join(folder, "report.json");
      const words = ["load", "http", `http://127.0.0.1:${port}/`, "alice", "-n", "100", "-c", "4", "--timeout", "30s"];
      const rest = [
        "-s",
        join(folder, "users.ts"),
        "--agents",
        "2",
        ...LISTEN,
        "--json",
        json,
        "--no-save",
        "--no-live",
      ];
      const load = startTenk([...words, ...rest, "--stats-url", "none"]);
      const [, key = "", at = ""] = await load.sees("stderr", /TENK_AGENT_KEY=(\S+) tenk agent (\S+)/);
      const agents = ["b", "a"].map((name) =>
        startTenk(["agent", at, "--name", name], { env: { TENK_AGENT_KEY: key } }),
      );
      const { code, stdout } = await load.ended;
      expect([code, stdout]).toEqual([0, expect.stringMatching(/\nagent .*\na .*\nb .*\n2 agents began within /)]);
      const report = JSON.parse(readFileSync(json, "utf8")) as Report;
      expect(report.protocol).toMatchObject({ script: { asked: 100 }, status: { "200": 100 } });
      expect(report.agents?.each.map(({ name, messages }) => [name, messages.answered])).toEqual([
        ["a", 50],
        ["b", 50],
      ]);
      expect(report.command).not.toContain(key);
      expect([...paths]).toEqual([["/of/alice", 100]]);
      expect(readFileSync(join(folder, "done"), "utf8")).toBe("100");
      expect(await Promise.all(agents.map(async ({ ended }) => (await ended).code))).toEqual([0, 0]);
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("ends its wait by Ctrl-C", async () => {
    const waiting = startTenk(["load", "tcp", "127.0.0.1:1", "--agents", "2", ...LISTEN]);
    await waiting.sees("stderr", /tenk agent \S+/);
    waiting.child.kill("SIGINT");
    expect((await waiting.ended).code).toBe(130);
  });

  test.each([
    [["load", "tcp", "127.0.0.1:1", "--agents-timeout", "5s"], {}, "Options --agents-… need --agents N"],
    [["agent", "127.0.0.1:1"], { TENK_AGENT_KEY: "" }, "An agent needs the key that tenk load --agents prints"],
  ])("%p is a usage error", async (words, env, text) => {
    const { code, stderr } = await startTenk(words, { env }).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  });
});

describe("an agent's controller", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1", 9292],
    ["box.home.arpa:700", "box.home.arpa", 700],
    ["2001:db8::7", "2001:db8::7", 9292],
    ["[2001:db8::7]:700", "2001:db8::7", 700],
    ["tenk-load:9292", "tenk-load", 9292],
  ])("%p is %p, port %p", (text, host, port) => {
    expect(controllerOf(text)).toEqual({ host, port });
  });

  test("is no Unix socket", () => {
    expect(() => controllerOf("unix:/tmp/x")).toThrow("expected HOST[:PORT]");
  });
});

describe("a key", () => {
  test("comes from a file or the environment, and is none where that is empty", () => {
    expect(givenKey(undefined, {})).toBeUndefined();
    expect(givenKey(undefined, { TENK_AGENT_KEY: "" })).toBeUndefined();
    expect(givenKey(undefined, { TENK_AGENT_KEY: "0123456789abcdef\n" })).toBe("0123456789abcdef");
    expect(() => givenKey(undefined, { TENK_AGENT_KEY: "short" })).toThrow("TENK_AGENT_KEY has 5 characters");
    expect(() => givenKey("/nowhere/key", {})).toThrow("Cannot read /nowhere/key");
  });
});

describe("an agent's name", () => {
  test.each([
    ["pi-4", {}, "pi-4"],
    ["tenk-agents-2-x7k9p", { JOB_COMPLETION_INDEX: "2" }, "tenk-agents-2-x7k9p"],
    ["tenk-agents-2", { JOB_COMPLETION_INDEX: "2" }, "tenk-agents-2"],
    ["node", { JOB_COMPLETION_INDEX: "0" }, "node-0"],
  ])("on %p with %p is %p", (host, environment, name) => {
    expect(agentName(host, environment)).toBe(name);
  });
});

test("the table of agents names who was lost, who was the limit and whose clock is wrong", () => {
  const latency = { p50: 1000, p90: 1000, p99: 2000, p999: 2000, max: 3000, count: 5 };
  const agent: AgentReport = {
    name: "pi-1",
    address: "192.0.2.1",
    workers: 1,
    connections: { opened: 5, peak: 5, failed: 0, lost: 0 },
    messages: { planned: 9, sent: 9, late: 0, dropped: 0, received: 9, answered: 9, unanswered: 0, unexpected: 0 },
    bytes: { sent: 36, received: 36 },
    latencyUs: { connect: latency, message: latency, send: latency },
    generator: { cpuPercent: 12, rssBytes: 2 ** 20, loopLagP99Us: 100, saturated: false, saturation: [] },
    clock: { boundUs: 150, startLateUs: 400, wallOffsetMs: -3_600_000 },
    lost: null,
  };
  const slow = { ...agent.generator, saturated: true, saturation: ["CPU 99% of a core"] };
  const each = [agent, { ...agent, name: "pi-2", lost: "it was silent", generator: slow }];
  const report = { agents: { startedWithinUs: 700, each } } as unknown as Report;
  expect(agentTable(report, paintsFor({ write: () => {} }))).toBe(
    `
agent      opened  sent  answered  late  dropped  p50  p99  max  CPU  memory  clock ±
pi-1            5     9         9     0        0  1ms  2ms  3ms  12%   1 MiB    150us
pi-2 lost       5     9         9     0        0  1ms  2ms  3ms  12%   1 MiB    150us
2 agents began within 700us of each other, at most
pi-2 was the limit: CPU 99% of a core
time of day on pi-1: 60m behind
time of day on pi-2: 60m behind`.trim(),
  );
});
