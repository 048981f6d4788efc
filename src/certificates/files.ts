import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, link, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileProblemOf, type Log, systemCodeOf } from "../base/mod.ts";

/** A certificate chain with its key has some kilobytes; more is not one of our files. */
const MAX_FILE_BYTES = 1 << 20;
const TEMPORARY = /^\.[\w.*-]+\.(\d+)\.tmp$/;

interface Unwritten {
  readonly text: string;
  readonly place: typeof rename;
}

/**
 * A folder of private files: 0700, its files 0600. A file is replaced as a whole: written beside it, flushed to the disk, renamed.
 * Whenever the process or the machine dies, the old or the new one is there.
 *
 * What cannot be written, as on a read-only disk, is kept in memory and logged; `retry` tries again. Without a path all is in memory.
 */
export class PrivateFolder {
  readonly path: string | undefined;
  readonly #log: Log;
  readonly #unwritten = new Map<string, Unwritten>();
  #problem: string | undefined;

  constructor(path: string | undefined, log: Log) {
    this.path = path;
    this.#log = log;
  }

  /** Makes the folder, closes it to others, and removes what a crash left half written. Never throws. */
  async open(): Promise<void> {
    if (this.path === undefined) return;
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      await chmod(this.path, 0o700);
      for (const name of await readdir(this.path)) {
        const [, writer] = TEMPORARY.exec(name) ?? [];
        if (writer !== undefined && !isOther(Number(writer))) await rm(join(this.path, name), { force: true });
      }
    } catch (error) {
      this.#logProblem(this.path, error);
    }
  }

  /**
   * Returns a file's text; undefined where there is none.
   *
   * @throws where there is one that cannot be read
   */
  async read(name: string): Promise<string | undefined> {
    const unwritten = this.#unwritten.get(name)?.text;
    if (unwritten !== undefined || this.path === undefined) return unwritten;
    const path = join(this.path, name);
    try {
      // A FIFO in the file's place must not be waited for.
      await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const info = await file.stat();
      if (!info.isFile() || info.size > MAX_FILE_BYTES) throw new Error("it is not a file of ours");
      if ((info.mode & 0o077) !== 0 && name.endsWith(".pem")) await this.#close(path);
      return await file.readFile("utf8");
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT" || systemCodeOf(error) === "ENOTDIR") return undefined;
      throw new Error(`Cannot read ${path}: ${fileProblemOf(error)}`, { cause: error });
    }
  }

  /** Replaces a file. @returns whether it is on the disk; if not, it is kept in memory */
  async write(name: string, text: string): Promise<boolean> {
    if ((await this.#put(name, text, rename)) === "written") return true;
    this.#unwritten.set(name, { text, place: rename });
    return false;
  }

  /**
   * Writes a file unless there is one: of two processes that do so at once, both get the text of the first.
   *
   * @returns the text that is in force
   */
  async writeOnce(name: string, text: string): Promise<string> {
    // A link fails where the name exists, which a rename replaces.
    const result = await this.#put(name, text, link);
    if (result === "exists") return (await this.read(name)) ?? text;
    if (result === "failed") this.#unwritten.set(name, { text, place: link });
    return text;
  }

  /** Tries to write what is only in memory. @returns the names that are on the disk now */
  async retry(): Promise<string[]> {
    const written = [];
    for (const [name, { text, place }] of [...this.#unwritten]) {
      if ((await this.#put(name, text, place)) === "written") written.push(name);
    }
    return written;
  }

  get hasUnwritten(): boolean {
    return this.path !== undefined && this.#unwritten.size > 0;
  }

  async #put(name: string, text: string, place: typeof rename): Promise<"written" | "exists" | "failed"> {
    if (this.path === undefined) return "failed";
    const path = join(this.path, name);
    const beside = join(this.path, `.${name}-${randomBytes(4).toString("hex")}.${process.pid}.tmp`);
    try {
      await writeDurably(beside, text);
      await place(beside, path);
      await syncFolder(this.path);
      this.#unwritten.delete(name);
      this.#problem = undefined;
      return "written";
    } catch (error) {
      if (systemCodeOf(error) === "EEXIST" && place === link) return "exists";
      this.#logProblem(path, error);
      return "failed";
    } finally {
      await rm(beside, { force: true }).catch(() => undefined);
    }
  }

  async #close(path: string): Promise<void> {
    this.#log.warn("private file was open to other users", { file: path, fix: "its mode is 0600 now" });
    await chmod(path, 0o600).catch(() => undefined);
  }

  /** Logs a problem once, until it is over or another one. */
  #logProblem(path: string, error: unknown): void {
    const problem = fileProblemOf(error);
    if (problem === this.#problem) return;
    this.#problem = problem;
    const fix = "make the data folder writable; until then certificates are in memory and lost at a restart";
    this.#log.error("cannot write certificates", { file: path, problem, fix });
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(text);
  await file.sync();
}

/** A rename is on the disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** Whether a process other than this one has that number. In a container ours is often that of the one that crashed. */
function isOther(processId: number): boolean {
  if (processId === process.pid) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === "EPERM";
  }
}
