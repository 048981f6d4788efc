/** A load test from three machines: three network namespaces on a bridge, two of them with clocks that are wrong. */
import { afterAll, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../../src/load/mod.ts";
import { keepingIn, TENK } from "../cli/tenk.ts";
import { isWanted, run } from "./wanted.ts";

const KEY = "a key of the tests, long enough";
const HUB = `tenk-hub-${process.pid}`;
const MACHINES = [1, 2, 3].map((index) => ({
  name: `m${index}`,
  net: `tenk-m${index}-${process.pid}`,
  address: `10.77.0.1${index}`,
}));
const PORT = 7000;
const AGENTS = 9292;

const folder = mkdtempSync(join(tmpdir(), "tenk-agents-"));
const children: ChildProcess[] = [];

/** A step of this clock is a change of this file. */
const clockFile = join(folder, "clock");

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const net of [HUB, ...MACHINES.map((machine) => machine.net)]) spawn("ip", ["netns", "delete", net]);
  rmSync(folder, { recursive: true, force: true });
});

/** Joins the namespaces by a bridge, to which the controller and the target belong. */
function connectMachines(): void {
  const inHub = (...words: string[]) => run("ip", ["-n", HUB, ...words]);
  run("ip", ["netns", "add", HUB]);
  inHub("link", "set", "lo", "up");
  inHub("link", "add", "br0", "type", "bridge");
  inHub("address", "add", "10.77.0.1/24", "dev", "br0");
  inHub("link", "set", "br0", "up");
  for (const { name, net, address } of MACHINES) {
    run("ip", ["netns", "add", net]);
    inHub("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", net);
    inHub("link", "set", name, "master", "br0", "up");
    run("ip", ["-n", net, "address", "add", `${address}/24`, "dev", "eth0"]);
    run("ip", ["-n", net, "link", "set", "eth0", "up"]);
  }
}

interface Started {
  readonly child: ChildProcess;
  output: string;
  readonly ended: Promise<number | null>;
}

function start(net: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  const child = spawn("nsenter", [`--net=/run/netns/${net}`, ...words], {
    env: { ...keepingIn(folder), TENK_AGENT_KEY: KEY, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  children.push(child);
  const started: Started = { child, output: "", ended: once(child, "close").then(([code]) => code as number | null) };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (text: Buffer) => {
      started.output += text.toString();
    });
  }
  return started;
}

async function seen(started: Started, pattern: RegExp): Promise<void> {
  while (!pattern.test(started.output)) {
    if (started.child.exitCode !== null) throw new Error(`ended without ${pattern}:\n${started.output}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** One machine is right, the second an hour ahead, the third three days behind until its clock is set. */
function startAgents(): Started[] {
  writeFileSync(clockFile, "-3d");
  const library = run("faketime", ["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).trim();
  const wrong = { LD_PRELOAD: library, FAKETIME_DONT_FAKE_MONOTONIC: "1", FAKETIME_NO_CACHE: "1" };
  const clocks = [{}, { ...wrong, FAKETIME: "+1h" }, { ...wrong, FAKETIME_TIMESTAMP_FILE: clockFile }];
  return MACHINES.map(({ name, net }, index) =>
    start(net, [...TENK, "agent", `10.77.0.1:${AGENTS}`, "--name", name], clocks[index]),
  );
}

function startLoad(seconds: number, file: string): Started {
  const words = `load tcp 10.77.0.1:${PORT} -c 31 -r 20 -m ping --reply-length 4 --connect-rate 1m --agents 3`.split(
    " ",
  );
  const more = ["-T", `${seconds}s`, "--agents-listen", `10.77.0.1:${AGENTS}`, "--agents-timeout", "60s"];
  const rest = ["--json", file, "--no-save", "--no-live", "--stats-url", "none", "--drop-after", "30s"];
  return start(HUB, [...TENK, ...words, ...more, ...rest, "--expect", "failed=0", "--expect", "unanswered=0"]);
}

if (isWanted("a load test from three machines", ["ip", "nsenter", "faketime", "python3"])) {
  connectMachines();

  test("begins at one moment whatever clocks say, and its report is the exact sum of three", async () => {
    const target = start(HUB, [
      process.execPath,
      join(import.meta.dirname, "agents-target.ts"),
      "10.77.0.1",
      `${PORT}`,
    ]);
    const capture = start(HUB, ["python3", join(import.meta.dirname, "first-connects.py"), `${PORT}`]);
    await Promise.all([seen(target, /ready/), seen(capture, /ready/)]);
    const agents = startAgents();
    const file = join(folder, "report.json");
    const load = startLoad(4, file);
    await seen(capture, /10\.77\.0\.1\d \d+\n/);
    // The clock of the third machine is set while it sends: three days forward, then back by a year.
    writeFileSync(clockFile, "+0");
    await seen(load, /2(\.\d)?s sending/);
    writeFileSync(clockFile, "-1y");
    expect([await load.ended, load.output]).toEqual([0, expect.stringContaining("PASS")]);
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    const { startedWithinUs, each } = report.agents!;

    expect(each.map(({ name, connections, lost }) => [name, connections.opened, lost])).toEqual([
      ["m1", 11, null],
      ["m2", 10, null],
      ["m3", 10, null],
    ]);
    const sum = (of: (agent: (typeof each)[number]) => number) => each.reduce((total, agent) => total + of(agent), 0);
    for (const name of ["planned", "sent", "answered", "received", "late", "dropped"] as const)
      expect(sum(({ messages }) => messages[name])).toBe(report.messages[name]);
    expect(sum(({ latencyUs }) => latencyUs.message.count)).toBe(report.latencyUs.message.count);
    expect(report.messages.answered).toBe(report.messages.sent);
    target.child.stdin?.end();
    await target.ended;
    const bytesBy = JSON.parse(target.output.split("\n").find((line) => line.startsWith("{")) ?? "{}");
    expect(bytesBy).toEqual(Object.fromEntries(each.map(({ bytes }, index) => [MACHINES[index]!.address, bytes.sent])));

    // Machine and clock are as they are meant to be: an hour ahead, and wrong by a day at least.
    expect(Math.round(each[1]!.clock.wallOffsetMs / 60_000)).toBe(60);
    expect(Math.abs(each[2]!.clock.wallOffsetMs)).toBeGreaterThan(86_400_000);
    const firstNs = [...capture.output.matchAll(/^10\.77\.0\.\d+ (\d+)$/gm)].map(([, ns]) => BigInt(ns!));
    expect(firstNs.length).toBe(3);
    const sorted = firstNs.toSorted((a, b) => (a < b ? -1 : 1));
    const apartUs = Number(sorted[2]! - sorted[0]!) / 1000;
    process.stdout.write(
      `first connects within ${Math.round(apartUs)} us, the bound is ${Math.round(startedWithinUs)} us\n`,
    );
    expect(apartUs).toBeLessThanOrEqual(startedWithinUs);
    expect(await Promise.all(agents.map(({ ended }) => ended))).toEqual([0, 0, 0]);
  });

  test("fails by the name of the agent that is killed while it sends", async () => {
    const target = start(HUB, [
      process.execPath,
      join(import.meta.dirname, "agents-target.ts"),
      "10.77.0.1",
      `${PORT}`,
    ]);
    await seen(target, /ready/);
    const agents = startAgents();
    const file = join(folder, "killed.json");
    const load = startLoad(60, file);
    await seen(load, /sending/);
    agents[1]!.child.kill("SIGKILL");
    expect(await load.ended).toBe(1);
    expect(load.output).toMatch(/FAIL.*agent m2 was lost: its connection/);
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    expect(report).toMatchObject({ endedBy: "agent-lost", verdict: { pass: false } });
    expect(report.agents?.each.map(({ lost }) => lost !== null)).toEqual([false, true, false]);
    expect([await agents[0]!.ended, await agents[2]!.ended]).toEqual([0, 0]);
  });
}
