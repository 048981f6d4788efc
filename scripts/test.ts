/** `npm test`: everything below `test/`, or what the words name; the last line is always `N passed, N failed`. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Failures } from "./failures.ts";
import { tally, together } from "./tally.ts";

/** For a test that says nothing of its own: real processes on a small, busy machine take their time. */
const TEST_TIMEOUT_MS = 30_000;
/** Half of the time, and what the other half waits for least: most tests wait for sockets and processes, not for a processor. */
const FIRST_HALF = new Set(["net", "tcp", "cli", "load", "app"]);

const ROOT = join(import.meta.dirname, "..");
const words = process.argv.slice(2);
const crews = words.some((word) => !word.startsWith("-")) ? [[]] : halves();
const children: ReturnType<typeof spawn>[] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}

const results = await Promise.all(crews.map((paths, index) => run(paths, index === 0)));
for (const { later } of results) process.stdout.write(later);
const failures = results.flatMap((result) => result.failures.list());
// Once more at the end, where people look first and where a log that keeps only its end still has them.
if (failures.length > 0) process.stdout.write(`\nFailed:\n\n${failures.join("\n\n")}\n\n`);
const { line, exitCode } = together(results.map(({ said, code }) => tally(said, code)));
process.stdout.write(`${line}\n`);
process.exitCode = exitCode;

/** Two processes, each with half of the tests. */
function halves(): string[][] {
  const all = readdirSync(join(ROOT, "test")).filter((name) => !/\.ts$/.test(name) || /\.test\.ts$/.test(name));
  const first = all.filter((name) => FIRST_HALF.has(name));
  const second = all.filter((name) => !FIRST_HALF.has(name));
  return [first, second].map((names) => names.map((name) => `./test/${name}`));
}

/** @param isShown whether it is shown as it goes; otherwise what it said is given back, so that two never mix */
function run(paths: readonly string[], isShown: boolean): Promise<Run> {
  const child = spawn(process.execPath, ["test", `--timeout=${TEST_TIMEOUT_MS}`, ...words, ...paths], {
    cwd: ROOT,
    stdio: ["ignore", isShown ? "inherit" : "pipe", "pipe"],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  children.push(child);
  let said = "";
  const parts: Buffer[] = [];
  const failures = new Failures();
  const take = (chunk: Buffer) => {
    // All on one stream, or the closing line might overtake what was said before it.
    if (isShown) process.stdout.write(chunk);
    else parts.push(chunk);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", (chunk: Buffer) => {
    take(chunk);
    failures.take(chunk.toString());
    // The summary is the last thing said: what came long before it need not be kept.
    said = (said + chunk.toString("latin1")).slice(-65_536);
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ said, later: Buffer.concat(parts).toString(), failures, code: code ?? 1 }));
  });
}

interface Run {
  readonly said: string;
  /** What has not been shown yet. */
  readonly later: string;
  readonly failures: Failures;
  readonly code: number;
}
