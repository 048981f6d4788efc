import { expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import type { Status } from "../../src/app/mod.ts";
import { statusText } from "../../src/cli/status-text.ts";
import { fittedTable, shortened, shownWidth } from "../../src/cli/table.ts";
import { paintsFor } from "../../src/cli/terminal.ts";
import { startTenk, TENK, tenk } from "./tenk.ts";

const PLAIN = paintsFor({ write: () => undefined });

function statusOf(reads: number, cpuSeconds: number, framesRead = 0): Status {
  return {
    tenk: "0.1.0",
    startedAt: "2026-01-01T00:00:00.000Z",
    services: [],
    problems: [],
    undecided: [],
    certificates: [],
    upgrade: { program: "/usr/bin/tenk", isOneFile: true, isUnderWay: false, last: null },
    parts: {
      tcp: {
        listeners: [
          {
            name: "packets",
            host: "0.0.0.0",
            port: 9091,
            handler: "sink",
            workers: 1,
            threads: [],
            counts: {
              active: 10_000,
              accepted: 10_000,
              reads,
              framesRead,
              bytesRead: reads * 4,
              bytesWritten: 0,
              writeQueueBytes: 0,
              rejected: { descriptors: 2 },
            } as never,
          },
        ],
      },
    },
    process: {
      pid: 7,
      cpuSeconds,
      rssBytes: 2 ** 26,
      anonymousBytes: null,
      openDescriptors: 10_020,
      maxDescriptors: 20_000,
      eventLoopLagP99Us: 1100,
    },
    host: {
      busy: 0.23,
      load1: 0.85,
      memoryUsedBytes: 2 ** 30,
      memoryTotalBytes: 2 ** 32,
      swapUsedBytes: 0,
      swapTotalBytes: 0,
      rootUsedBytes: 2 ** 33,
      rootAvailableBytes: 2 ** 34,
      rootUsedPercent: 34,
      rootTotalBytes: 2 ** 35,
      uptimeSeconds: 7200,
      temperatureCelsius: 42.5,
      temperatureSensor: "k10temp Tctl",
      throttling: null,
      cores: 4,
      mounts: [],
    },
    limits: null,
  };
}

test("prints the process, the machine and the listeners on one screen", () => {
  const atMs = Date.parse("2026-01-01T02:00:00.000Z");
  const text = statusText({ status: statusOf(500, 12), atMs }, undefined, PLAIN);
  expect(text.split("\n")).toEqual([
    "tenk 0.1.0, pid 7, up 2h",
    "process  12s of CPU time, 64 MiB resident, 10020 of 20000 descriptors, loop lag p99 1.1ms",
    "machine  23% of 4 cores busy, load 0.85, memory 1 GiB of 4 GiB, root 34% used (8 GiB, 16 GiB free), 42.5 °C (k10temp Tctl), up 2h",
    "",
    "listener  address       handler  workers  open  accepted  reads   read  written  waiting  rejected",
    "packets   0.0.0.0:9091  sink           1   10k       10k    500  2 KiB      0 B      0 B         2",
  ]);
});

test("of two looks it tells what happened a second", () => {
  const before = { status: statusOf(1000, 12), atMs: 1000 };
  const text = statusText({ status: statusOf(201_000, 12.9), atMs: 3000 }, before, PLAIN);
  expect(text).toContain("45.0% of a core");
  expect(text).toContain("reads/s");
  expect(text).toMatch(/packets .* 10k +0 +100k +391 KiB +0 B/);
});

test("frames are a column where a handler has a framing", () => {
  const before = { status: statusOf(1, 12), atMs: 1000 };
  const text = statusText({ status: statusOf(11, 12.9, 100_000), atMs: 3000 }, before, PLAIN);
  expect(text).toMatch(/reads\/s +read\/s +written\/s +frames\/s +waiting/);
  expect(text).toMatch(/packets .* 10k +0 +5 +20 B +0 B +50k +0 B +2$/m);
  expect(statusText({ status: statusOf(11, 12.9, 100_000), atMs: 3000 }, before, PLAIN, 40)).not.toContain("frames");
});

test.each([
  [120, /^listener .* handler .* accepted\/s .* reads\/s .* read\/s .* written\/s +waiting +rejected$/m],
  [80, /^listener +open +accepted\/s +reads\/s +read\/s +written\/s +waiting +rejected$/m],
  [40, /^listener +open +waiting +rejected$/m],
])("in %d columns it has the columns that matter, and nothing is torn", (width, head) => {
  const coloured = paintsFor({ isTTY: true, write: () => undefined }, { TERM: "xterm" });
  const [earlier, later] = [statusOf(1000, 12), statusOf(201_000, 12.9)];
  const [before, now] = [
    { status: earlier, atMs: 1000 },
    { status: later, atMs: 3000 },
  ];
  const text = statusText(now, before, PLAIN, width);
  expect(text).toMatch(head);
  expect(Bun.stripANSI(statusText(now, before, coloured, width))).toBe(text);
  expect(text.replaceAll(/\s+/g, " ")).toContain("20000 descriptors, loop lag p99 1.1ms");
  expect(Math.max(...text.split("\n").map(shownWidth))).toBeLessThanOrEqual(width);
  expect(text).toMatch(/ 0 B +2$/m);
});

test("a table for a narrow screen keeps its last columns, and shortens a text", () => {
  const rows = [["a long name", "x", "an error that takes its room"]];
  expect(fittedTable(rows, "lll", 60, [1])).toBe("a long name  x  an error that takes its room");
  expect(fittedTable(rows, "lll", 32, [1])).toBe("a long name  x  an error that t…");
  expect(fittedTable(rows, "lll", 29, [1])).toBe("a long name  an error that t…");
  expect(fittedTable([["a long name", "7"]], "lr", 8, [])).toBe("a lo…  7");
  expect(shortened("\x1b[31mabcd\x1b[0m", 3)).toBe("\x1b[31mab…\x1b[0m");
});

test("tenk status prints it, and --watch wants a terminal", async () => {
  const instance = startTenk(["up", "--json", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"]);
  const [line] = await instance.sees("stdout", /^.*\n/);
  const { statusUrl } = JSON.parse(line) as { statusUrl: string };
  const { stdout } = await tenk(["status", "--url", statusUrl]);
  expect(stdout).toMatch(/^tenk \d/);
  expect(stdout).toMatch(/^machine {2}.*cores/m);
  const json = JSON.parse((await tenk(["status", "--json", "--url", statusUrl])).stdout) as Status;
  expect(json.host.memoryTotalBytes).toBeGreaterThan(2 ** 20);
  const refused = await tenk(["status", "--watch", "--url", statusUrl]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--watch draws on a terminal")]);

  // script(1) is a terminal to who runs in it. A shell left between the two takes Ctrl-C as meant for itself, and ends as
  // told: some step aside for the last command they run, dash (whose turn it is where no SHELL is set) does not.
  const words = ["exec", ...TENK, "status", "--watch", "--url", statusUrl].join(" ");
  const watching = spawn("script", ["-qfec", words, "/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, TERM: "xterm" },
  });
  const dumb = spawnSync("script", ["-qfec", words, "/dev/null"], {
    env: { ...process.env, TERM: "dumb" },
    timeout: 30_000,
  });
  expect(dumb.stdout.toString()).toStartWith("tenk: --watch draws on a terminal");
  let drawn = "";
  watching.stdout.setEncoding("utf8").on("data", (text: string) => {
    drawn += text;
  });
  const ended = new Promise<number | null>((resolve) => watching.on("close", resolve));
  while (!drawn.includes("reads/s")) await Bun.sleep(20);
  watching.stdin.write("\u0003");
  expect(await ended).toBe(0);
  expect(drawn.startsWith("\x1b[?1049h\x1b[?25l")).toBe(true);
  expect(drawn.replace(/\^C/g, "").endsWith("\x1b[?25h\x1b[?1049l")).toBe(true);
  instance.child.kill("SIGINT");
  await instance.ended;
}, 20_000);
