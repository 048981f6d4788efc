import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileProblemOf, type Log, systemCodeOf } from "../../base/mod.ts";

const MAX_BYTES = 16 * 1024 * 1024;
const RETRY_MS = 60_000;

/**
 * One private file (0600) that is replaced as a whole: written beside it, flushed, renamed. Whenever the process or the machine dies, the
 * old or the new one is there. What cannot be written, as on a full disk, stays in memory and is tried again each minute.
 */
export class StateFile {
  readonly #path: string | undefined;
  readonly #log: Log;
  #unwritten: (() => string) | undefined;
  #writing: Promise<void> | undefined;
  /** What is on the disk. */
  #written: string | undefined;
  #problem: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param folder where it is; undefined: everything in memory */
  constructor(folder: string | undefined, log: Log) {
    this.#path = folder === undefined ? undefined : join(folder, "alerts.json");
    this.#log = log;
  }

  /** Returns its value; undefined where there is none, or none that `parse` accepts: that one is kept aside. */
  async read<Value>(parse: (text: string) => Value): Promise<Value | undefined> {
    if (this.#path === undefined) return undefined;
    try {
      const text = await readFile(this.#path, "utf8");
      if (text.length > MAX_BYTES) throw new Error("it is too long");
      return parse(text);
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return undefined;
      const aside = `${this.#path}.broken`;
      await rename(this.#path, aside).catch(() => undefined);
      this.#log.warn("alerts of before are not known", {
        file: this.#path,
        why: fileProblemOf(error).slice(0, 200),
        kept: aside,
      });
      return undefined;
    }
  }

  /** Writes soon what `make` returns then. */
  write(make: () => string): void {
    this.#unwritten = make;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when what could be written is. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#drain();
    clearTimeout(this.#timer);
  }

  async #drain(): Promise<void> {
    while (this.#path !== undefined && this.#unwritten !== undefined) {
      const make = this.#unwritten;
      this.#unwritten = undefined;
      const text = make();
      if (text === this.#written) continue;
      try {
        await replace(this.#path, text);
        this.#written = text;
        if (this.#problem !== undefined) this.#log.info("alerts are kept on the disk again", { file: this.#path });
        this.#problem = undefined;
      } catch (error) {
        this.#unwritten ??= make;
        this.#failed(this.#path, fileProblemOf(error));
        return;
      }
    }
  }

  #failed(file: string, problem: string): void {
    if (problem !== this.#problem) this.#log.warn("alerts are kept in memory only", { file, problem });
    this.#problem = problem;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#unwritten !== undefined && this.write(this.#unwritten), RETRY_MS);
    this.#timer.unref();
  }
}

async function replace(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    {
      await using file = await open(beside, "wx", 0o600);
      await file.writeFile(text);
      await file.sync();
    }
    await rename(beside, path);
    await using folder = await open(dirname(path), "r");
    await folder.sync();
  } finally {
    await rm(beside, { force: true }).catch(() => undefined);
  }
}
