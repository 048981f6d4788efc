import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** The executable that `npm test` has built: it starts in a quarter of the CPU time that the source takes. */
export const EXECUTABLE = process.env.TENK_EXECUTABLE || undefined;

/** The words that start the program under test. */
export const TENK: readonly string[] = EXECUTABLE === undefined ? [process.execPath, MAIN] : [EXECUTABLE];

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Tenk {
  readonly child: ChildProcess;
  /** Resolves with the first match in what it wrote so far, or comes to write. Rejects when it ends without. */
  sees(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

let made: string | undefined;

/** What the programs under test keep, they keep here. */
export function dataHome(): string {
  if (made === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "tenk-data-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    made = folder;
  }
  return made;
}

/** The environment of a program under test, which keeps nothing of the user's and nothing outside `folder`. */
export function keepingIn(folder = dataHome()): NodeJS.ProcessEnv {
  return { ...process.env, NO_COLOR: "1", XDG_DATA_HOME: folder };
}

/** Makes the kernel end a program with the process that started it, however that ends; the program keeps its process id. */
const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));

/** Starts the program as a person would; it is ended with the tests at the latest, where util-linux is (as on any Debian). */
export function startTenk(
  words: readonly string[],
  options: {
    cwd?: string;
    input?: "pipe" | "ignore";
    env?: Readonly<Record<string, string>>;
    wrapped?: readonly string[];
    /** Another source than ours. @default {`src/main.ts`} */
    main?: string;
    /** Another executable. */
    program?: string;
    /** Sockets that it is started with, as systemd does it. */
    sockets?: readonly number[];
  } = {},
): Tenk {
  const named = options.program === undefined ? TENK : [options.program];
  const { sockets = [] } = options;
  const passed = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"];
  const wrapped = options.wrapped ?? (sockets.length > 0 ? passed : []);
  const program = [...wrapped, ...(options.main ? [process.execPath, options.main] : named), ...words];
  const [command = "", ...rest] = setpriv === undefined ? program : [setpriv, "--pdeathsig", "KILL", ...program];
  const child = spawn(command, rest, {
    cwd: options.cwd ?? tmpdir(),
    stdio: [options.input ?? "ignore", "pipe", "pipe", ...sockets],
    env: { ...keepingIn(), ...(sockets.length > 0 && { LISTEN_FDS: String(sockets.length) }), ...options.env },
  });
  const text = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (part: string) => {
      text[name] += part;
      for (const watcher of watchers) watcher();
    });
  }
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, ...text })));
  function sees(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        const match = pattern.exec(text[stream]);
        if (match) resolve(match);
      };
      watchers.add(watcher);
      watcher();
      void ended.then(() =>
        reject(new Error(`ended without ${pattern} in ${stream}:\n${text.stdout}\n${text.stderr}`)),
      );
    });
  }
  return { child, sees, ended };
}

/** Runs the program to its end. */
export function tenk(words: readonly string[], options: { cwd?: string; main?: string } = {}): Promise<Ended> {
  return startTenk(words, options).ended;
}

/** True once no process has this id any more. */
export async function isGone(pid: number): Promise<boolean> {
  for (
    const untilMs = Date.now() + 10_000;
    Date.now() < untilMs;
    await new Promise((resolve) => setTimeout(resolve, 10))
  ) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
  }
  return false;
}

/** A folder that is gone when the work is done. */
export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-test-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
