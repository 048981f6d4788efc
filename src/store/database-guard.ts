import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileProblemOf, type Log, messageOf, systemCodeOf } from "../base/mod.ts";
import { quarantine } from "./quarantine.ts";
import { CorruptFileError, ForeignFileError } from "./schema.ts";

/** A database file as the guard uses it. Its methods throw SQLite's errors. */
export interface GuardedFile {
  close(): void;
}

export interface DatabaseGuardOptions<File extends GuardedFile> {
  readonly path: string;
  readonly open: (path: string) => File;
  /** Its name in the log: `history`. */
  readonly what: string;
  readonly log: Log;
  /** Pause after a failure, doubled after each further one up to `maxRetryMs`. ms */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** A monotonic clock. ms */
  readonly elapsedMs: () => number;
  /** For the names of quarantined files. ms since 1970 */
  readonly nowMs: () => number;
}

/** The action failed because of the disk. The problem was logged when it began. */
export const FAILED = Symbol("failed");

/**
 * Keeps a database file open whatever happens to the disk. A full, read-only or missing disk is logged once and retried after
 * a pause, until it works. A corrupt file is quarantined and replaced by a new one.
 */
export class DatabaseGuard<File extends GuardedFile> {
  readonly #options: DatabaseGuardOptions<File>;
  #file: File | undefined;
  /** Identifies the open file: its path may come to name another file, or none. */
  #inode: number | undefined;
  #failures = 0;
  #nextTryMs = Number.NEGATIVE_INFINITY;

  constructor(options: DatabaseGuardOptions<File>) {
    this.#options = options;
  }

  /**
   * Changes the file.
   *
   * @param insist ignores the pause after a failure @default {false}
   * @throws the action's errors that do not come from the disk
   */
  change<Value>(action: (file: File) => Value, insist = false): Value | typeof FAILED {
    if (!insist && this.#options.elapsedMs() < this.#nextTryMs) return FAILED;
    this.#closeRemoved();
    const value = this.#attempt(action);
    if (value !== FAILED) this.#recovered();
    return value;
  }

  /** Reads from the file, even while it cannot be written. */
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
      const reason = quarantineReason(error);
      if (reason === undefined) {
        if (!codeOf(error).startsWith("SQLITE_") && systemCodeOf(error) === undefined) throw error;
        return this.#failed(error);
      }
      try {
        this.#quarantine(reason, error);
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

  /** Writes to a deleted file would be lost without an error. */
  #closeRemoved(): void {
    if (this.#file === undefined || inodeOf(this.#options.path) === this.#inode) return;
    this.#options.log.warn(`${this.#options.what} file deleted, new file created`, { path: this.#options.path });
    this.close();
  }

  #quarantine(reason: "corrupt" | "foreign", error: unknown): void {
    const { path, what, log, nowMs } = this.#options;
    this.close();
    const to = quarantine(path, reason, nowMs());
    log.error(`${what} file quarantined, new file created`, { reason, to, error: messageOf(error) });
  }

  #failed(error: unknown): typeof FAILED {
    const { path, what, log, retryMs, maxRetryMs, elapsedMs } = this.#options;
    // A full disk can still be read; other problems may be solved by opening the file again.
    if (codeOf(error) !== "SQLITE_FULL") this.close();
    if (this.#failures === 0) {
      log.warn(`${what} not written`, { path, error: describe(error, path), retryMs });
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

/** The folder may exist and be open to all. SQLite gives the files beside a database its permissions. */
function createForOwner(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    // It exists already, or SQLite will report why it cannot.
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
 * SQLite detects a broken structure, but not a flipped bit in a name: then a column is missing, or a name is in a table and not
 * in its index. Neither happens to an intact file, and neither goes away by itself.
 */
function quarantineReason(error: unknown): "corrupt" | "foreign" | undefined {
  if (error instanceof ForeignFileError) return "foreign";
  if (error instanceof CorruptFileError || /^SQLITE_(CORRUPT|NOTADB|CONSTRAINT)/.test(codeOf(error))) return "corrupt";
  const isMissing = /^(no such |table \w+ has |unsupported file format)/.test(messageOf(error));
  return codeOf(error) === "SQLITE_ERROR" && isMissing ? "corrupt" : undefined;
}

function describe(error: unknown, path: string): string {
  const code = codeOf(error);
  if (code.startsWith("SQLITE_BUSY")) return "in use by another process; give each its own folder";
  if (code === "SQLITE_FULL") return "the disk is full";
  return (/^SQLITE_(CANTOPEN|READONLY)/.test(code) && folderProblem(dirname(path))) || messageOf(error);
}

/** SQLite only reports that it cannot open the file; the system knows why. */
function folderProblem(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return `cannot write into ${folder}: ${fileProblemOf(error)}`;
  }
}
