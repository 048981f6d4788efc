import { describe, expect, spyOn, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { stopper } from "../../src/cli/stopper.ts";
import type { Report } from "../../src/load/mod.ts";
import { until } from "../net/support.ts";
import { keepingIn } from "./tenk.ts";

test.each([
  ["SIGTERM", 249, false],
  ["SIGTERM", 250, true],
  ["SIGINT", 249, false],
  ["SIGINT", 250, true],
] as const)("a second %s after %d ms ends at once: %p", (signal, afterMs, ends) => {
  const exit = spyOn(process, "exit").mockImplementation((() => undefined) as never);
  try {
    let nowMs = 0;
    using stop = stopper(undefined, [signal], () => nowMs);
    process.emit(signal, signal);
    expect([stop.signal.aborted, exit.mock.calls.length]).toEqual([true, 0]);
    nowMs = afterMs;
    process.emit(signal, signal);
    expect(exit.mock.calls).toEqual(ends ? [[130]] : []);
  } finally {
    exit.mockRestore();
  }
});

test("the time of one wish counts from the first signal: a key that is held down ends at once all the same", () => {
  const exit = spyOn(process, "exit").mockImplementation((() => undefined) as never);
  try {
    let nowMs = 0;
    using _ = stopper(undefined, ["SIGINT"], () => nowMs);
    for (; nowMs < 250; nowMs += 30) process.emit("SIGINT", "SIGINT");
    expect(exit.mock.calls).toEqual([]);
    process.emit("SIGINT", "SIGINT");
    expect(exit.mock.calls).toEqual([[130]]);
  } finally {
    exit.mockRestore();
  }
});

describe("a signal to every process of a group without a terminal, which the launcher passes on too", () => {
  const LAUNCHER = fileURLToPath(new URL("../../scripts/launch.mjs", import.meta.url));

  /** In a group of its own. */
  function launched(...words: string[]) {
    const file = Bun.which("node") ?? process.execPath;
    const env = keepingIn();
    const child = spawn(file, [LAUNCHER, ...words], { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (part) => (stdout += part));
    child.stderr.on("data", (part) => (stderr += part));
    const ended = once(child, "close").then(([code]) => ({ code, stdout, stderr }));
    return { child, ended, said: () => stderr };
  }

  test.each([["SIGINT"], ["SIGTERM"]] as const)("%s is one wish: tenk up stops gracefully", async (signal) => {
    const { child, ended, said } = launched("up", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0");
    await until(() => / up tenk=/.test(said()), 20_000);
    process.kill(-child.pid!, signal);
    const { code, stderr } = await ended;
    expect(stderr).toContain(" app stopped\n");
    expect(code).toBe(0);
  });

  test.each([["SIGINT"], ["SIGTERM"]] as const)("%s ends tenk demo early, its box after it", async (signal) => {
    const words = ["demo", "-c", "100", "--connect-rate", "1k", "-r", "200", "-T", "1h", "--no-live", "--json", "-"];
    const { child, ended, said } = launched(...words);
    await until(() => said().includes("sending"), 20_000);
    process.kill(-child.pid!, signal);
    const report = JSON.parse((await ended).stdout) as Report;
    expect(report.server?.received).toBe(report.messages.sent);
  });
});
