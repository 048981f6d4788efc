import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { TenkError } from "../../base/mod.ts";

/** The machine that something is installed on. */
export class Machine {
  readonly #root: string;
  readonly #run: Run;

  /**
   * @param root in front of every path, for tests @default {"/"}
   * @param run runs a program @default {as this user}
   */
  constructor(root = "/", run: Run = runProgram) {
    this.#root = root;
    this.#run = run;
  }

  /** Returns where a path of the machine is to be found from here. */
  at(path: string): string {
    return join(this.#root, path);
  }

  has(path: string): boolean {
    return existsSync(this.at(path));
  }

  /** Returns a file's text; undefined where there is none. */
  text(path: string): string | undefined {
    return this.has(path) ? readFileSync(this.at(path), "utf8") : undefined;
  }

  /** @throws {TenkError} `unsupported` with what the program said, where it fails */
  run(...words: readonly string[]): string {
    const { status, output } = this.#run(words);
    if (status === 0) return output;
    throw new TenkError("unsupported", `${words.join(" ")} failed: ${output.trim() || `exit code ${status}`}`);
  }

  succeeds(...words: readonly string[]): boolean {
    return this.#run(words).status === 0;
  }

  hasUser(name: string): boolean {
    return (this.text("/etc/passwd") ?? "").split("\n").some((line) => line.startsWith(`${name}:`));
  }

  /** Whether systemd started the machine (sd_booted(3)). */
  get hasSystemd(): boolean {
    return this.has("/run/systemd/system");
  }
}

export type Run = (words: readonly string[]) => { readonly status: number; readonly output: string };

function runProgram([program = "", ...args]: readonly string[]): { status: number; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { status: status ?? 1, output: error === undefined ? stdout + stderr : error.message };
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Returns the digest of a file, which may be large. */
export function sha256OfFile(path: string): string {
  const hash = createHash("sha256");
  const block = new Uint8Array(1024 * 1024);
  const descriptor = openSync(path, "r");
  try {
    for (let length = readSync(descriptor, block); length > 0; length = readSync(descriptor, block))
      hash.update(block.subarray(0, length));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}
