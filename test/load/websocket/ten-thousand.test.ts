/**
 * WebSockets through tenk's proxy to an echo, each part a process of its own: what was sent is what the echo received and what came back.
 * `TENK_DEMO=10000` is the whole story, `TENK_DEMO_SECONDS=30` its time, `TENK_DEMO_RATE=10` messages a second on each connection.
 *
 * A proxied connection takes two descriptors: where a process may have 20 000, more than 9900 connections need two proxies, and as many
 * generators at a time.
 */
import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../../../src/load/mod.ts";
import { descriptors } from "../../../src/net/mod.ts";
import { tenk } from "../../cli/tenk.ts";

const connections = Number(process.env.TENK_DEMO ?? 100);
const seconds = Number(process.env.TENK_DEMO_SECONDS ?? (connections > 1000 ? 30 : 1));
const rate = Number(process.env.TENK_DEMO_RATE ?? (connections > 1000 ? 10 : 2));
/** Of a process: its files, threads and the like. */
const OWN_DESCRIPTORS = 200;

const FIXTURES = join(import.meta.dirname, "fixtures");
const CHECKS = ["connections=all", "lost=0", "failed=0", "errors=0", "unanswered=0", "unexpected=0", "received=sent"];

test(
  `${connections} WebSockets through the proxy lose no message`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-ws-"));
    const path = join(folder, "echo");
    const echo = start("echo.ts", path);
    await lineOf(echo);
    const proxies = Array.from({ length: Math.ceil(connections / most()) }, () => start("proxy.ts", path));
    try {
      const ports = await Promise.all(proxies.map(lineOf));
      const share = connections / proxies.length;
      const reports = await Promise.all(ports.map((port) => loaded(port, share)));
      const [echoed, ...proxied] = await Promise.all([echo, ...proxies].map(ended));
      const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0);
      const [sent, answered] = [sum(({ messages }) => messages.sent), sum(({ messages }) => messages.answered)];
      print(reports, echoed!, proxied);
      expect(reports.map(({ verdict }) => verdict.checks.filter(({ pass }) => !pass))).toEqual(reports.map(() => []));
      expect([answered, echoed!.messages, echoed!.opened]).toEqual([sent, sent, connections]);
      expect(echoed!.peak).toBe(connections);
    } finally {
      for (const child of [echo, ...proxies]) child.kill();
      rmSync(folder, { recursive: true });
    }
  },
  60_000 + seconds * 4000,
);

/** Connections that one proxy can hold. */
function most(): number {
  return Math.floor((descriptors().max - OWN_DESCRIPTORS) / 2);
}

async function loaded(port: string, share: number): Promise<Report> {
  const pace = [
    "-c",
    `${share}`,
    "--connect-rate",
    "500",
    "-r",
    `${rate}`,
    "-T",
    `${seconds}s`,
    "--connect-timeout",
    "10s",
  ];
  const words = [
    "-H",
    "Host: echo.home.arpa",
    "-m",
    "ping",
    "--echo",
    ...CHECKS.flatMap((check) => ["--expect", check]),
  ];
  const { stdout } = await tenk([
    "load",
    "ws",
    `ws://127.0.0.1:${port}/`,
    ...pace,
    ...words,
    "--json",
    "-",
    "--no-live",
    "--no-save",
  ]);
  return JSON.parse(stdout) as Report;
}

function start(file: string, path: string): ChildProcess {
  return spawn(process.execPath, [join(FIXTURES, file), path], { stdio: ["pipe", "pipe", "inherit"] });
}

async function lineOf(child: ChildProcess): Promise<string> {
  const [line] = await once(child.stdout!, "data");
  return String(line).trim();
}

interface Ended {
  readonly cpuMs: number;
  readonly messages: number;
  readonly opened: number;
  readonly peak: number;
}

async function ended(child: ChildProcess): Promise<Ended> {
  child.stdin!.end();
  return JSON.parse(await lineOf(child)) as Ended;
}

/** What each part cost, of the whole story only. */
function print(reports: readonly Report[], echoed: Ended, proxied: readonly Ended[]): void {
  if (process.env.TENK_DEMO === undefined) return;
  for (const { messages, latencyUs, generator, connections: counted, verdict } of reports) {
    const { planned, sent, late, dropped, answered, unanswered } = messages;
    console.log({
      opened: counted.opened,
      planned,
      sent,
      answered,
      unanswered,
      late,
      dropped,
      p99Us: latencyUs.message.p99,
    });
    console.log({
      failures: counted.byCause,
      cpuPercent: generator.cpuPercent,
      cpuUsPerMessage: generator.cpuUsPerMessage,
      reason: verdict.reason,
    });
  }
  const sent = reports.reduce((sum, { messages }) => sum + messages.sent, 0);
  console.log({ echo: { ...echoed, cpuUsPerMessage: (echoed.cpuMs * 1000) / sent } });
  console.log({
    proxies: proxied.map((each) => ({ ...each, cpuUsPerMessage: (each.cpuMs * 1000 * proxied.length) / sent })),
  });
}
