import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { formatDuration, messageOf } from "../../../base/mod.ts";
import { printable } from "../text.ts";

/** Of what the command writes, the end is kept for the error. */
const MAX_OUTPUT = 2000;
/** Output that arrives after the end, from a process that it left behind, is not waited for. */
const DRAIN_MS = 100;

/**
 * Runs a command without a shell, its environment being ours and `env`. It gets a process group of its own, all of which is
 * ended after `maxMs`, or when `signal` aborts.
 *
 * @throws {Error} with the end of its output when it cannot be started, fails or is ended
 */
export function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  maxMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const output = tailOf(child.stdout, child.stderr);
    let endedBy: string | undefined;
    const end = (why: string) => {
      endedBy ??= why;
      endGroup(child.pid);
    };
    const abort = () => end(`was ended: ${messageOf(signal?.reason)}`);
    const timer = setTimeout(() => end(`was ended after ${formatDuration(maxMs)}`), maxMs);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    const settle = (what: string | undefined) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      child.stdout.destroy();
      child.stderr.destroy();
      if (what === undefined) return resolve();
      const said = printable(output(), MAX_OUTPUT);
      reject(new Error(`the command ${program} ${what}${said === "" ? "" : `, and wrote: ${said}`}`));
    };
    child.once("error", (error) => settle(`could not be started: ${error.message}`));
    child.once("exit", (code, name) => {
      const ended = () => settle(endedBy ?? problemOf(code, name));
      // Whichever is first: all of the output, or enough time for what is on its way.
      const drained = setTimeout(ended, DRAIN_MS);
      child.once("close", () => {
        clearTimeout(drained);
        ended();
      });
    });
  });
}

function problemOf(code: number | null, signal: string | null): string | undefined {
  if (code === 0) return undefined;
  return code === null ? `was ended by ${signal}` : `failed with exit code ${code}`;
}

/** Keeps the end of what is written. */
function tailOf(...streams: readonly Readable[]): () => string {
  let text = "";
  for (const stream of streams) {
    stream.on("data", (bytes: Buffer) => {
      text = (text + bytes.toString("utf8")).slice(-MAX_OUTPUT);
    });
  }
  return () => text;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}
