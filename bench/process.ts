import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";

/** A process of the benchmark, controlled by lines on its standard input and output. */
export interface Running {
  readonly pid: number;
  /** All lines of its standard output. */
  readonly lines: readonly string[];
  /** The end of its standard error. */
  complaint(): string;
  write(line: string): void;
  /** Returns its next line. Rejects when it ends, or prints nothing for `withinMs`. */
  nextLine(withinMs: number): Promise<string>;
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<number | null>;
  /** Sends SIGTERM, and SIGKILL if that is ignored. */
  stop(): Promise<void>;
}

const STOP_MS = 5000;

/** Starts `command` on one processor, or on any where `processor` is undefined. */
export function start(command: readonly string[], processor?: number): Running {
  const words = processor === undefined ? command : ["taskset", "-c", String(processor), ...command];
  const child = spawn(words[0]!, words.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
  const lines: string[] = [];
  const waiting: ((line: string | Error) => void)[] = [];
  let complaint = "";
  let taken = 0;
  const exited = ended(child);
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    if (waiting.length > 0) waiting.shift()!(lines[taken++]!);
  });
  child.stderr.on("data", (text) => {
    complaint = (complaint + text).slice(-2000);
  });
  child.stdin.on("error", () => {});
  exited.then(() => {
    for (const settle of waiting.splice(0)) settle(new Error(`${command[0]} ended: ${complaint.trim()}`));
  });
  return {
    pid: child.pid ?? 0,
    lines,
    complaint: () => complaint.trim(),
    write: (line) => child.stdin.write(`${line}\n`),
    signal: (name) => child.kill(name),
    exited,
    async nextLine(withinMs) {
      if (taken < lines.length) return lines[taken++]!;
      const silent = new Error(`${command[0]} said nothing for ${withinMs} ms`);
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(silent), withinMs);
        waiting.push((line) => {
          clearTimeout(timer);
          line instanceof Error ? reject(line) : resolve(line);
        });
      });
    },
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", (code) => resolve(code));
  });
}

export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** Returns the first line that a program prints about its version. */
export function versionOf(...command: string[]): string {
  const { stdout, stderr } = spawnSync(command[0]!, command.slice(1), { encoding: "utf8" });
  return `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n")[0] ?? "";
}

/** Waits until something listens on a local port; false when nothing did. */
export async function answers(port: number, withinMs: number): Promise<boolean> {
  for (const endMs = performance.now() + withinMs; performance.now() < endMs; await Bun.sleep(50)) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      }).on("error", () => resolve(false));
    });
    if (isOpen) return true;
  }
  return false;
}
