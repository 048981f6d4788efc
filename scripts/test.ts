/** `npm test`: runs all of `test/`, or the tests named as arguments; the last line is always `N passed, N failed`. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Failures } from "./failures.ts";
import { tally, together } from "./tally.ts";

/** For tests without a timeout of their own: real processes take long on a small, busy machine. */
const TEST_TIMEOUT_MS = 30_000;
/** Folders that take a quarter of the time each; the rest takes the last one. They run in parallel: most tests only wait. */
const QUARTERS = [
  new Set(["net", "tcp", "load"]),
  new Set(["cli", "part", "base", "metrics"]),
  new Set(["app", "store", "http", "proxy"]),
];

const ROOT = join(import.meta.dirname, "..");
const args = process.argv.slice(2);
const groups = args.some((arg) => !arg.startsWith("-")) ? [[]] : quarters();
const children: ReturnType<typeof spawn>[] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}

const results = await Promise.all(groups.map((paths, index) => run(paths, index === 0)));
for (const { later } of results) process.stdout.write(later);
const failures = results.flatMap((result) => result.failures.list());
// Repeated at the end, where people look first, and where a truncated log still has them.
if (failures.length > 0) process.stdout.write(`\nFailed:\n\n${failures.join("\n\n")}\n\n`);
const { line, exitCode } = together(results.map(({ summary, code }) => tally(summary, code)));
process.stdout.write(`${line}\n`);
process.exitCode = exitCode;

/** Splits the tests into four parts, one for each process. */
function quarters(): string[][] {
  const all = readdirSync(join(ROOT, "test")).filter((name) => !/\.ts$/.test(name) || /\.test\.ts$/.test(name));
  const rest = all.filter((name) => !QUARTERS.some((names) => names.has(name)));
  const parts = [...QUARTERS.map((names) => all.filter((name) => names.has(name))), rest];
  return parts.map((names) => names.map((name) => `./test/${name}`));
}

/** @param isShown whether to show the output at once; otherwise it is returned, so that outputs never mix */
function run(paths: readonly string[], isShown: boolean): Promise<Run> {
  const child = spawn(process.execPath, ["test", `--timeout=${TEST_TIMEOUT_MS}`, ...args, ...paths], {
    cwd: ROOT,
    stdio: ["ignore", isShown ? "inherit" : "pipe", "pipe"],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  children.push(child);
  let summary = "";
  const parts: Buffer[] = [];
  const failures = new Failures();
  const take = (chunk: Buffer) => {
    // All on one stream, so that the closing line cannot overtake earlier output.
    if (isShown) process.stdout.write(chunk);
    else parts.push(chunk);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", (chunk: Buffer) => {
    take(chunk);
    failures.take(chunk.toString());
    // The summary is at the end: earlier output need not be kept.
    summary = (summary + chunk.toString("latin1")).slice(-65_536);
  });
  return new Promise((resolve) => {
    child.on("close", (code) =>
      resolve({ summary, later: Buffer.concat(parts).toString(), failures, code: code ?? 1 }),
    );
  });
}

interface Run {
  /** The end of the output, with the summary. */
  readonly summary: string;
  /** Output that has not been shown yet. */
  readonly later: string;
  readonly failures: Failures;
  readonly code: number;
}
