/**
 * `npm test`: runs all of `test/`, or the tests named as arguments; the last line is always `N passed, N failed`.
 *
 * All tests run in five processes. Those of `test/ladder/` follow by themselves: they boot systemd, start containers and open
 * thousands of connections. Files that failed run again, alone, when those have ended; the second result counts.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failures } from "./failures.ts";
import { type Ended, filesToRerun, outcomeOf } from "./rerun.ts";
import { tally } from "./tally.ts";

/** For tests without a timeout of their own: real processes take long on a small, busy machine. */
const TEST_TIMEOUT_MS = 30_000;
/** Folders that take a fifth of the time each; the rest takes the last one. They run in parallel: most tests only wait. */
const FIFTHS = [
  new Set(["net", "tcp", "http"]),
  new Set(["cli", "load", "part", "base", "metrics"]),
  new Set(["app", "store", "proxy"]),
  new Set(["dash", "dns", "certificates", "alerts", "boxes"]),
];
/** Tests that need the machine for themselves. */
const LADDER = "ladder";

const ROOT = join(import.meta.dirname, "..");
const args = process.argv.slice(2);
const groups = args.some((arg) => !arg.startsWith("-")) ? [[]] : fifths();
const children: ReturnType<typeof spawn>[] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}

const executable = groups.length > 1 ? (process.env.TENK_EXECUTABLE ?? built()) : "";
const runs = await Promise.all(groups.map((paths, index) => run(paths, index === 0)));
for (const { later } of runs) process.stdout.write(later);
if (groups.length > 1 && existsSync(join(ROOT, "test", LADDER))) runs.push(await run([`./test/${LADDER}`], true));
// One process alone has no others that could have held it up.
const files = runs.length > 1 ? filesToRerun(runs) : [];
if (files.length > 0) process.stdout.write(`\nOnce more, alone: ${files.join(", ")}\n\n`);
const again = files.length > 0 ? await run(files, true) : undefined;
const { tally: total, recovered, failed } = outcomeOf(runs, again);
// Repeated at the end, where people look first, and where a truncated log still has them.
list("Failed beside the others, passed alone", recovered);
list("Failed", failed);
process.stdout.write(`${total.line}\n`);
process.exitCode = total.exitCode;

function list(heading: string, errors: readonly string[]): void {
  if (errors.length > 0) process.stdout.write(`\n${heading}:\n\n${errors.join("\n\n")}\n\n`);
}

/**
 * Builds the executable that tests start as often as they need a program: from the source a start takes four times the CPU time.
 *
 * Returns "" where there is none; a test of the build says why.
 */
function built(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenk-tested-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  spawnSync(process.execPath, [join(ROOT, "scripts/build.ts"), process.arch, "--into", folder], { stdio: "ignore" });
  const file = join(folder, `tenk-linux-${process.arch}`);
  return existsSync(file) ? file : "";
}

/** Splits the tests into five parts, one for each process. */
function fifths(): string[][] {
  const all = readdirSync(join(ROOT, "test")).filter((name) => !/\.ts$/.test(name) || /\.test\.ts$/.test(name));
  const rest = all.filter((name) => name !== LADDER && !FIFTHS.some((names) => names.has(name)));
  const parts = [...FIFTHS.map((names) => all.filter((name) => names.has(name))), rest];
  // Without a path all tests would run.
  return parts.filter((names) => names.length > 0).map((names) => names.map((name) => `./test/${name}`));
}

/** @param isShown whether to show the output at once; otherwise it is returned, so that outputs never mix */
function run(paths: readonly string[], isShown: boolean): Promise<Run> {
  const child = spawn(process.execPath, ["test", `--timeout=${TEST_TIMEOUT_MS}`, ...args, ...paths], {
    cwd: ROOT,
    stdio: ["ignore", isShown ? "inherit" : "pipe", "pipe"],
    env: { ...process.env, TENK_EXECUTABLE: executable, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
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
      resolve({
        tally: tally(summary, code ?? 1),
        files: failures.files(),
        later: Buffer.concat(parts).toString(),
      }),
    );
  });
}

interface Run extends Ended {
  /** Output that has not been shown yet. */
  readonly later: string;
}
