import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { anonymousBytesOf, cpuTimeOf, parseAnonymousBytes, parseCpuTime } from "../../bench/proc.ts";

describe("what the kernel says of a process", () => {
  const after = "S 1 2 2 0 -1 4194304 100 0 0 0 157 43 9 9 20 0 1 0 100 1000 10";

  test.each(["7 (sink) ", "7 (a b) ", "7 (x) S (1) ", "7 (()) "])(
    "CPU time is found behind the name in %j",
    (before) => {
      expect(parseCpuTime(before + after)).toEqual({ userMs: 1570, systemMs: 430 });
    },
  );

  test("text that is not of that file is refused", () => {
    expect(() => parseCpuTime("7 (x) S 1")).toThrow("/proc/PID/stat");
    expect(() => parseAnonymousBytes("Rss: 12 kB\n")).toThrow("no line Anonymous");
  });

  test("anonymous memory is that line only, in bytes", () => {
    const rollup = "Rss:   500 kB\nAnonymous:        44 kB\nKSM: 0 kB\nAnonHugePages:     8 kB\n";
    expect(parseAnonymousBytes(rollup)).toBe(44 * 1024);
  });

  test("this process's own spending is what the runtime says of it, to within the kernel's tick", () => {
    const before = process.cpuUsage();
    const { userMs, systemMs } = cpuTimeOf(process.pid);
    const after = process.cpuUsage();
    expect(userMs + systemMs).toBeGreaterThanOrEqual((before.user + before.system) / 1000 - 20);
    expect(userMs + systemMs).toBeLessThanOrEqual((after.user + after.system) / 1000 + 20);
  });

  test("a child's memory counts with its parent's", async () => {
    const parent = Bun.spawn(["sh", "-c", "cat; true"], { stdin: "pipe", stdout: "pipe" });
    parent.stdin.write("x");
    parent.stdin.flush();
    await parent.stdout.getReader().read();
    const child = Number(readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8"));
    expect(anonymousBytesOf(parent.pid)).toBeGreaterThan(anonymousBytesOf(child));
    expect(anonymousBytesOf(child)).toBeGreaterThan(0);
    parent.stdin.end();
    await parent.exited;
  });
});
