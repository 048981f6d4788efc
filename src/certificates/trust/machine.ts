import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** What `tenk trust` needs of the machine that it runs on; tests pass another. */
export interface Machine {
  /** In front of every path of the system. */
  readonly root: string;
  /** Of the person whose browsers are meant. */
  readonly home: string;
  /** Whose files the browsers' are, where we run as another user (`sudo tenk trust`). */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** There is a terminal on which sudo can ask for a password. */
  readonly canAsk: boolean;
  readonly path: string;
  canWrite(folder: string): boolean;
}

/** Reads the environment: below sudo the browsers of the person who called it are meant. */
export function thisMachine(canAsk: boolean, environment: NodeJS.ProcessEnv = process.env): Machine {
  const { SUDO_UID, SUDO_GID, SUDO_USER, PATH = "" } = environment;
  // Programs that only root runs are not on everybody's path.
  const path = `${PATH}${delimiter}/usr/sbin${delimiter}/sbin`;
  const shared = { root: "", canAsk, path, canWrite: (folder: string) => isPermitted(folder, constants.W_OK) };
  const [uid, gid] = [Number(SUDO_UID), Number(SUDO_GID)];
  const home =
    process.getuid?.() === 0 && SUDO_USER && Number.isInteger(uid) && Number.isInteger(gid) && homeOf(SUDO_USER);
  return home ? { ...shared, home, owner: { uid, gid } } : { ...shared, home: homedir(), owner: undefined };
}

function homeOf(user: string): string | undefined {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${user}:`));
  return line?.split(":")[5] || undefined;
}

export function findProgram(machine: Machine, ...names: string[]): string | undefined {
  for (const name of names) {
    for (const folder of machine.path.split(delimiter)) {
      const path = join(folder, name);
      if (folder !== "" && isPermitted(path, constants.X_OK)) return path;
    }
  }
  return undefined;
}

function isPermitted(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

export interface Ran {
  readonly isDone: boolean;
  readonly stdout: string;
  /** What it printed, as one line for people. */
  readonly output: string;
}

export interface RunOptions {
  /** Its standard input. */
  readonly input?: string;
  readonly owner?: Machine["owner"];
}

/** Runs a program to its end, without a shell. sudo asks for a password on the terminal itself, not on standard input. */
export function run([program, ...words]: readonly string[], { input = "", owner }: RunOptions = {}): Ran {
  const { status, stdout, stderr, error } = spawnSync(program!, words, { input, encoding: "utf8", ...owner });
  const output = error?.message ?? `${stdout}${stderr}`.trim().replace(/\s*\n\s*/g, "; ");
  return { isDone: status === 0, stdout: stdout ?? "", output: output.slice(0, 500) };
}
