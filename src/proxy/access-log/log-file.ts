import { closeSync, openSync, writeSync } from "node:fs";
import { constants, type FileHandle, open, stat } from "node:fs/promises";
import { type Log, messageOf, occasionally } from "../../base/mod.ts";

export const BLOCK_BYTES = 64 * 1024;
/** Full blocks that wait while the disk is slow, full or read-only: 1 MiB. Lines beyond are dropped. */
const MAX_WAITING = 16;
const LOG_EVERY_MS = 60_000;
const LINE_FEED = 0x0a;
const BREAK = Uint8Array.of(LINE_FEED);
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOCTTY;
/** The group may read it: programs such as goaccess and promtail. */
const MODE = 0o640;

interface Block {
  readonly bytes: Uint8Array;
  /** Behind what was written already. */
  start: number;
  end: number;
}

/**
 * A file that lines are appended to by several event loops, away from each of them.
 *
 * ```text
 *   reserve, wrote ─► block ── full, or flushMs old ─► waiting blocks ─► one write at a time, O_APPEND: whole lines
 *                                                      at most 16: then reserve() says no
 * ```
 *
 * Once a `flushMs` it looks whether its path still leads to the file that it has open: whoever renames the file (our own rotation,
 * logrotate) gets a new one without asking. Nothing is opened before there is a line.
 */
export class LogFile {
  /** The first `BLOCK_BYTES` are the block that is being filled, up to `at`; what is behind is the caller's. */
  readonly bytes: Uint8Array;
  at = 0;
  readonly #path: string;
  readonly #flushMs: number;
  readonly #waiting: Block[] = [];
  /** One that was written, for the next one. */
  #spare: Block | undefined;
  #handle: FileHandle | undefined;
  #inode = "";
  /** When it was seen last that the path leads to this file. */
  #lookedMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();
  /** The last write ended within a line. */
  #isBroken = false;
  #isClosed = false;
  #isRetired = false;
  #dropped = 0;
  readonly #failed;

  /** @param moreBytes of the caller's, in the same memory: copied into a line without a view */
  constructor(path: string, flushMs: number, log: Log, moreBytes = 0) {
    this.bytes = new Uint8Array(BLOCK_BYTES + moreBytes);
    this.#path = path;
    this.#flushMs = flushMs;
    this.#failed = occasionally<unknown>((count, error) => {
      log.warn("access log cannot be written", { file: path, error: messageOf(error), count, dropped: this.#dropped });
      this.#dropped = 0;
    }, LOG_EVERY_MS);
  }

  /** @returns whether there is room for a line of `length` bytes; otherwise it is dropped */
  reserve(length: number): boolean {
    if (this.at + length <= BLOCK_BYTES) return true;
    if (this.#waiting.length >= MAX_WAITING || this.#isClosed) {
      this.#dropped += 1;
      return false;
    }
    this.#setAside();
    void this.#write();
    return true;
  }

  /** A line was written into `bytes` that ends at `end`. */
  wrote(end: number): void {
    this.at = end;
    this.#arm();
  }

  /** Writes all that is there, and opens the file anew: for whoever moved it. */
  reopen(): Promise<void> {
    this.#inode = "";
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    return this.#flush();
  }

  /** No new requests are logged here: the file is open only while it is written to. */
  retire(): void {
    this.#isRetired = true;
    void this.#flush();
  }

  /**
   * Writes all that is there, in this call, since the thread may end with it. What cannot be written is lost. Resolves when the
   * block that was being written is there as well.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#isClosed = true;
    this.#setAside();
    // The first one is being written, and its writer closes the file.
    const rest = this.#waiting.splice(this.#isWriting ? 1 : 0);
    try {
      const fd = rest.length === 0 ? undefined : (this.#handle?.fd ?? openSync(this.#path, FLAGS, MODE));
      for (const { bytes, start, end } of rest) writeSync(fd!, bytes, start, end - start);
      if (this.#handle === undefined && fd !== undefined) closeSync(fd);
    } catch (error) {
      this.#failed(error);
    }
    if (this.#isWriting) await this.#writing;
    else await this.#closeHandle();
  }

  // ---- inside --------------------------------------------------------------------------------------------------------

  #arm(): void {
    if (this.#timer === undefined && !this.#isWriting && !this.#isClosed) this.#setTimer();
  }

  /** Apart from `#arm`: a function in which another one is made costs a scope with each call, and it is called for each line. */
  #setTimer(): void {
    this.#timer = setTimeout(() => void this.#flush(), this.#flushMs);
    this.#timer.unref();
  }

  #setAside(): void {
    if (this.at === 0) return;
    const block = this.#spare ?? { bytes: new Uint8Array(BLOCK_BYTES), start: 0, end: 0 };
    this.#spare = undefined;
    block.bytes.set(this.bytes.subarray(0, this.at));
    block.start = 0;
    block.end = this.at;
    this.#waiting.push(block);
    this.at = 0;
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // While blocks wait the one being filled stays: each would hold 64 KiB for little.
    if (this.#waiting.length === 0) this.#setAside();
    return this.#write();
  }

  #write(): Promise<void> {
    if (!this.#isWriting) this.#writing = this.#writeWaiting();
    return this.#writing;
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true;
    try {
      for (let block = this.#waiting[0]; block !== undefined; block = this.#waiting[0]) {
        await this.#append(await this.#current(), block);
        this.#waiting.shift();
        this.#spare = block;
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isWriting = false;
    }
    if (this.#isClosed || this.#isRetired) await this.#closeHandle();
    if (this.#isClosed) return;
    if (this.at > 0 || this.#waiting.length > 0) this.#arm();
  }

  /** Opens the file unless it is the one that the path leads to. */
  async #current(): Promise<FileHandle> {
    const nowMs = performance.now();
    if (this.#handle !== undefined) {
      if (nowMs - this.#lookedMs < this.#flushMs) return this.#handle;
      this.#lookedMs = nowMs;
      if ((await this.#inodeOfPath()) === this.#inode) return this.#handle;
    }
    await this.#closeHandle();
    this.#lookedMs = nowMs;
    this.#handle = await open(this.#path, FLAGS, MODE);
    this.#inode = inodeOf(await this.#handle.stat());
    return this.#handle;
  }

  async #inodeOfPath(): Promise<string | undefined> {
    try {
      return inodeOf(await stat(this.#path));
    } catch {
      return undefined;
    }
  }

  async #closeHandle(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => {});
  }

  /** @throws why not all of it could be written; it then begins with the line that was cut */
  async #append(handle: FileHandle, block: Block): Promise<void> {
    if (this.#isBroken) await handle.write(BREAK);
    this.#isBroken = false;
    const { bytes, start, end } = block;
    const { bytesWritten } = await handle.write(bytes, start, end - start);
    const reached = start + bytesWritten;
    if (reached === end) return;
    // The disk is full, most likely. Others may append meanwhile, so that the rest of a line would not be read as its rest.
    const lineStart = bytes.lastIndexOf(LINE_FEED, reached - 1) + 1;
    block.start = Math.max(start, lineStart);
    this.#isBroken = block.start < reached;
    throw new Error(`only ${bytesWritten} of ${end - start} bytes were taken`);
  }
}

function inodeOf({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev}:${ino}`;
}
