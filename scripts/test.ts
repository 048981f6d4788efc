/** `npm test`: everything below `test/`, or what the words name; the last line is always `N passed, N failed`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { tally } from "./tally.ts";

/** For a test that says nothing of its own: real processes on a small, busy machine take their time. */
const TEST_TIMEOUT_MS = 30_000;

const words = process.argv.slice(2);
const paths = words.some((word) => !word.startsWith("-")) ? [] : ["./test"];

const child = spawn(process.execPath, ["test", `--timeout=${TEST_TIMEOUT_MS}`, ...words, ...paths], {
  cwd: join(import.meta.dirname, ".."),
  stdio: ["ignore", "inherit", "pipe"],
  env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
});

let said = "";
child.stderr.on("data", (chunk: Buffer) => {
  // All on one stream, or the closing line might overtake what was said before it.
  process.stdout.write(chunk);
  // The summary is the last thing said: what came long before it need not be kept.
  said = (said + chunk.toString("latin1")).slice(-65_536);
});
child.on("close", (code) => {
  const { line, exitCode } = tally(said, code ?? 1);
  process.stdout.write(`${line}\n`);
  process.exitCode = exitCode;
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
