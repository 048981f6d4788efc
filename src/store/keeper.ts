import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileProblemOf, type Log, messageOf, systemCodeOf } from "../base/mod.ts";
import { CorruptFileError, ForeignFileError } from "./schema.ts";
import { setAside } from "./set-aside.ts";

/** What a keeper needs of a file: it throws SQLite's errors. */
export interface KeptFile {
  close(): void;
}

export interface KeeperOptions<File extends KeptFile> {
  readonly path: string;
  readonly open: (path: string) => File;
  /** For the log: `history`. */
  readonly what: string;
  readonly log: Log;
  /** How long nothing is tried after a failure; twice as long after the next, at most `maxRetryMs`. ms */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** A clock that only goes forward. ms */
  readonly elapsedMs: () => number;
  /** For the names of files that are set aside. ms since 1970 */
  readonly nowMs: () => number;
}

/** What was asked for could not be done: the disk has a trouble, which was logged when it began. */
export const FAILED = Symbol("failed");

/**
 * Keeps a file open through everything that happens to disks. A full, read-only or missing one is said once, left alone
 * for a while and tried again, until it works. A corrupt file is set aside and a new one begun.
 */
export class Keeper<File extends KeptFile> {
  readonly #options: KeeperOptions<File>;
  #file: File | undefined;
  /** Which file it is: the one at its path may become another, or none. */
  #inode: number | undefined;
  #failures = 0;
  #nextTryMs = Number.NEGATIVE_INFINITY;

  constructor(options: KeeperOptions<File>) {
    this.#options = options;
  }

  /**
   * Changes the file.
   *
   * @param insist tries even where it failed a moment ago @default {false}
   * @throws what the action throws and what no disk is to blame for
   */
  change<Value>(action: (file: File) => Value, insist = false): Value | typeof FAILED {
    if (!insist && this.#options.elapsedMs() < this.#nextTryMs) return FAILED;
    this.#leaveRemoved();
    const value = this.#attempt(action);
    if (value !== FAILED) this.#recovered();
    return value;
  }

  /** Reads from the file, also from one that cannot be written at present. */
  read<Value>(action: (file: File) => Value): Value | typeof FAILED {
    if (this.#file === undefined && this.#options.elapsedMs() < this.#nextTryMs) return FAILED;
    return this.#attempt(action);
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    try {
      file?.close();
    } catch (error) {
      this.#options.log.warn(`${this.#options.what} not closed`, { error: messageOf(error) });
    }
  }

  #attempt<Value>(action: (file: File) => Value): Value | typeof FAILED {
    try {
      return action(this.#opened());
    } catch (error) {
      const why = reasonToSetAside(error);
      if (why === undefined) {
        if (!codeOf(error).startsWith("SQLITE_") && systemCodeOf(error) === undefined) throw error;
        return this.#failed(error);
      }
      try {
        this.#setAside(why, error);
        return action(this.#opened());
      } catch (second) {
        return this.#failed(second);
      }
    }
  }

  #opened(): File {
    if (this.#file === undefined) {
      mkdirSync(dirname(this.#options.path), { recursive: true, mode: 0o700 });
      createForOwner(this.#options.path);
      this.#file = this.#options.open(this.#options.path);
      this.#inode = inodeOf(this.#options.path);
    }
    return this.#file;
  }

  /** What is written to a removed file goes nowhere, without an error. */
  #leaveRemoved(): void {
    if (this.#file === undefined || inodeOf(this.#options.path) === this.#inode) return;
    this.#options.log.warn(`${this.#options.what} was removed, begun anew`, { path: this.#options.path });
    this.close();
  }

  #setAside(why: "corrupt" | "foreign", error: unknown): void {
    const { path, what, log, nowMs } = this.#options;
    this.close();
    const to = setAside(path, why, nowMs());
    log.error(`${what} set aside, begun anew`, { why, to, error: messageOf(error) });
  }

  #failed(error: unknown): typeof FAILED {
    const { path, what, log, retryMs, maxRetryMs, elapsedMs } = this.#options;
    // A full disk can still be read from; anything else may be mended by opening the file again.
    if (codeOf(error) !== "SQLITE_FULL") this.close();
    if (this.#failures === 0) {
      log.warn(`${what} not written`, { path, error: plainly(error, path), retryMs });
    }
    this.#nextTryMs = elapsedMs() + Math.min(maxRetryMs, retryMs * 2 ** this.#failures);
    this.#failures += 1;
    return FAILED;
  }

  #recovered(): void {
    if (this.#failures > 0) this.#options.log.info(`${this.#options.what} written again`, { path: this.#options.path });
    this.#failures = 0;
    this.#nextTryMs = Number.NEGATIVE_INFINITY;
  }
}

/** The folder may be there already, open to all. What SQLite lays beside a file has the rights of the file. */
function createForOwner(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    // It is there, or cannot be: SQLite says what is wrong.
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/**
 * SQLite sees what is wrong with a file's structure, not that a bit of a name has turned: then a column is missing, or the same
 * name stands in a table and not in its index. Neither happens to a file that is whole, and neither mends itself.
 */
function reasonToSetAside(error: unknown): "corrupt" | "foreign" | undefined {
  if (error instanceof ForeignFileError) return "foreign";
  if (error instanceof CorruptFileError || /^SQLITE_(CORRUPT|NOTADB|CONSTRAINT)/.test(codeOf(error))) return "corrupt";
  const isMissing = /^(no such |table \w+ has |unsupported file format)/.test(messageOf(error));
  return codeOf(error) === "SQLITE_ERROR" && isMissing ? "corrupt" : undefined;
}

function plainly(error: unknown, path: string): string {
  const code = codeOf(error);
  if (code.startsWith("SQLITE_BUSY")) return "in use by another process; give each its own folder";
  if (code === "SQLITE_FULL") return "the disk is full";
  return (/^SQLITE_(CANTOPEN|READONLY)/.test(code) && folderProblem(dirname(path))) || messageOf(error);
}

/** SQLite only says that it cannot open the file; the system knows why. */
function folderProblem(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return `cannot write into ${folder}: ${fileProblemOf(error)}`;
  }
}
