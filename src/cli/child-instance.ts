import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isOneFile, sourceUrl, TenkError } from "../base/mod.ts";
import type { Terminal } from "./terminal.ts";

/** What `tenk up --json` prints once it is up. */
export interface InstanceReady {
  readonly pid: number;
  readonly statusUrl: string;
  readonly listeners: readonly {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly handler: string;
  }[];
}

/** A box in a process of its own, that cannot outlive this one: it ends when its standard input does. */
export interface ChildInstance extends AsyncDisposable {
  readonly ready: InstanceReady;
  /** Its exit code once it ended; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/**
 * Starts this same program with `up` and waits until it answers on `/healthz`.
 *
 * @param words further words for `up`
 * @param terminal where what it logs goes
 * @throws {TenkError} `connect-failed` when it ended first; why was logged by itself
 */
export async function startInstance(words: readonly string[], terminal: Terminal): Promise<ChildInstance> {
  const [program, ...before] = ownProgram();
  const child = spawn(program, [...before, "up", "--json", "--with-parent", ...words], {
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
    await mustBeHealthy(ready.statusUrl);
    return { ready, ended, [Symbol.asyncDispose]: () => stop(child, ended) };
  } catch (error) {
    // Left running, its pipes would keep this process alive behind its error.
    await stop(child, ended);
    throw error;
  }
}

/** How this very program is started again: the one file is its own executable, a checkout needs the runtime before it. */
function ownProgram(): [program: string, ...before: string[]] {
  if (isOneFile()) return [process.execPath];
  return [process.execPath, ...process.execArgv, fileURLToPath(sourceUrl("main.ts"))];
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
  throw new TenkError("connect-failed", `The instance ended before it was up, with code ${code ?? "none"}`);
}

async function mustBeHealthy(statusUrl: string): Promise<void> {
  const { status } = await fetch(new URL("healthz", statusUrl), { signal: AbortSignal.timeout(5000) });
  if (status !== 200)
    throw new TenkError("connect-failed", `The box at ${statusUrl} is not healthy: it answers ${status}`);
}

const GRACE_MS = 3000;

/** The end of its input asks it to stop; one that does not is killed. */
async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<void> {
  child.stdin?.on("error", () => undefined).end();
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await ended;
  clearTimeout(timer);
}
