import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isOneFile, sourceUrl, TenkError } from "../base/mod.ts";
import type { Terminal } from "./terminal.ts";

/** The line that `tenk up --json` prints once it is up. */
export interface InstanceReady {
  readonly pid: number;
  readonly statusUrl: string;
  readonly listeners: readonly {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly handler?: string;
  }[];
  /** PEM of the root of the local CA, where a listener has a certificate of it. */
  readonly localRoot?: string;
}

/** An instance in a child process, which cannot outlive this one: it stops at the end of its standard input. */
export interface ChildInstance extends AsyncDisposable {
  readonly ready: InstanceReady;
  /** Resolves with its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/**
 * Starts `tenk up` in a child process and waits until `/healthz` answers.
 *
 * @param args further arguments of `up`
 * @param terminal gets its log
 * @throws {TenkError} `connect-failed` when it ended first; its log says why
 */
export async function startInstance(args: readonly string[], terminal: Terminal): Promise<ChildInstance> {
  const [program, ...before] = ownProgram();
  const child = spawn(program, [...before, "up", "--json", "--with-parent", ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => {
      process.off("exit", kill);
      resolve(code);
    });
  });
  createInterface({ input: child.stderr }).on("line", (line) => terminal.line(line));
  try {
    const ready = await Promise.race([readyLine(child), ended.then(endedEarly)]);
    await requireHealthy(ready.statusUrl);
    return { ready, ended, [Symbol.asyncDispose]: () => stop(child, ended) };
  } catch (error) {
    // Its pipes would keep this process alive.
    await stop(child, ended);
    throw error;
  }
}

/** How this program was started: its file may have been replaced since. */
const EXECUTABLE = process.execPath;

/** Returns how to start this program again: the executable itself, or the runtime with the checkout's main file. */
export function ownProgram(): [program: string, ...before: string[]] {
  if (isOneFile()) return [EXECUTABLE];
  return [EXECUTABLE, ...process.execArgv, fileURLToPath(sourceUrl("main.ts"))];
}

function readyLine(child: ChildProcess): Promise<InstanceReady> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", (line) => {
      try {
        resolve(JSON.parse(line) as InstanceReady);
      } catch (error) {
        reject(error);
      }
    });
  });
}

function endedEarly(code: number | null): never {
  throw new TenkError("connect-failed", `tenk up ended before it was up, with code ${code ?? "none"}`);
}

/** @throws {TenkError} `connect-failed` */
export async function requireHealthy(statusUrl: string): Promise<void> {
  const { status } = await fetch(new URL("healthz", statusUrl), { signal: AbortSignal.timeout(5000) });
  if (status !== 200)
    throw new TenkError("connect-failed", `tenk at ${statusUrl} is not healthy: it answers ${status}`);
}

const GRACE_MS = 3000;

/** Asks it to stop by the end of its input, and kills it when it does not. */
async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<void> {
  child.stdin?.on("error", () => undefined).end();
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await ended;
  clearTimeout(timer);
}
