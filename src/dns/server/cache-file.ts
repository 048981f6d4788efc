import { createHash } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { type Log, messageOf } from "../../base/mod.ts";
import { type AnswerWriter, decodeAnswers, encodeAnswers, isOfUse } from "../answers/mod.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const MAGIC = new TextEncoder().encode("tenk dns answers 1\n");
const DIGEST_BYTES = 32;
const HEADER_BYTES = MAGIC.length + DIGEST_BYTES;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A turn of the event loop takes so many answers. */
const ANSWERS_A_TURN = 1000;
/** The file keeps a little more of each answer than memory does. */
const FILE_TO_MEMORY = 2;

/** The cache and what goes with it, which a reload may change. */
export interface KeptCache {
  readonly answers: AnswerWriter;
  readonly staleSeconds: number;
  /** What the answers depend on: a file of another is ignored. */
  readonly scope: string;
  /** Otherwise the file is removed. */
  readonly isKept: boolean;
}

export interface CacheFileOptions {
  readonly path: string;
  readonly cache: () => KeptCache;
  readonly log: Log;
  /** It begins as after `freeze`. @default {false} */
  readonly startsFrozen?: boolean | undefined;
  /** The least time between two writes. @default {3_600_000} */
  readonly everyMs?: number;
  /** Larger files are written less often, so that no more is written in a day. @default {16 MiB} */
  readonly maxBytesPerDay?: number;
}

/**
 * Keeps the cache across restarts: read after the start, written from time to time and at the stop. A file that is damaged, or of
 * another version, is ignored.
 *
 * ```text
 *   "tenk dns answers 1\n" │ SHA-256 of scope and answers │ answers, compressed by zstd
 * ```
 */
export class CacheFile {
  readonly #options: CacheFileOptions & { readonly everyMs: number; readonly maxBytesPerDay: number };
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Reading or writing; undefined before `start`. */
  #work: Promise<void> | undefined;
  /** `changes` of the cache when it was written last: what has not changed is not written again. */
  #written = 0;
  #isStopped = false;
  #isFrozen: boolean;

  constructor(options: CacheFileOptions) {
    this.#options = { everyMs: HOUR_MS, maxBytesPerDay: 16 << 20, ...options };
    this.#isFrozen = options.startsFrozen ?? false;
  }

  /** Puts what the file has into the cache, but nothing in the place of answers that are there; and begins to write it from time to time. */
  start(): Promise<void> {
    if (this.#isFrozen) return Promise.resolve();
    this.#work = this.#load().then(() => this.#plan(0));
    return this.#work;
  }

  /** Writes the cache for the last time, if it was read. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    if (this.#work === undefined || this.#isFrozen) return;
    await this.#work;
    await this.#save();
  }

  /** Writes the cache, and then nothing until `thaw`: another process has the file. */
  async freeze(): Promise<void> {
    if (this.#isFrozen) return;
    this.#isFrozen = true;
    clearTimeout(this.#timer);
    await this.#work;
    await this.#save();
  }

  /** Goes on; after a frozen start it reads the file. */
  thaw(): Promise<void> {
    this.#isFrozen = false;
    if (this.#work === undefined) return this.start();
    this.#plan(0);
    return Promise.resolve();
  }

  #plan(writtenBytes: number): void {
    if (this.#isStopped || this.#isFrozen) return;
    const { everyMs, maxBytesPerDay } = this.#options;
    const ms = Math.max(everyMs, Math.min(1, writtenBytes / maxBytesPerDay) * DAY_MS);
    this.#timer = setTimeout(() => {
      this.#work = this.#save().then((bytes) => this.#plan(bytes));
    }, ms);
    this.#timer.unref();
  }

  async #load(): Promise<void> {
    const { path, log, cache } = this.#options;
    const { answers, staleSeconds, scope, isKept } = cache();
    try {
      if (!isKept) return await rm(path, { force: true });
      const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      if (file === undefined) return;
      const bytes = await unpacked(file, scope, answers.buffer.byteLength * FILE_TO_MEMORY);
      const count = await putAll(bytes, answers, { nowSeconds: nowSeconds(), staleSeconds });
      log.info("cache loaded", { answers: count });
    } catch (error) {
      log.warn("cache file ignored", { path, error: messageOf(error) });
    } finally {
      this.#written = answers.changes;
    }
  }

  /** @returns bytes that were written */
  async #save(): Promise<number> {
    const { path, log, cache } = this.#options;
    const { answers, staleSeconds, scope, isKept } = cache();
    const { changes } = answers;
    if (changes === this.#written && isKept) return 0;
    try {
      if (!isKept) {
        await rm(path, { force: true });
        return 0;
      }
      const bytes = await compress(encodeAnswers(answers, { nowSeconds: nowSeconds(), staleSeconds }));
      await replaceFile(path, [MAGIC, digestOf(bytes, scope), bytes]);
      this.#written = changes;
      return HEADER_BYTES + bytes.length;
    } catch (error) {
      log.warn("cache not written", { path, error: messageOf(error) });
      return 0;
    }
  }
}

/** @throws {Error} where the file is not whole, or not of this version */
async function unpacked(file: Buffer, scope: string, maxBytes: number): Promise<Uint8Array> {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error("it is of another version, or no cache");
  const answers = file.subarray(HEADER_BYTES);
  const digest = file.subarray(MAGIC.length, HEADER_BYTES);
  if (!digest.equals(digestOf(answers, scope))) throw new Error("it is damaged, or of other zones");
  return await decompress(answers, { maxOutputLength: maxBytes });
}

/** @throws {Error} where they are not whole */
async function putAll(bytes: Uint8Array, cache: AnswerWriter, ages: { nowSeconds: number; staleSeconds: number }) {
  const answers = decodeAnswers(bytes);
  let count = 0;
  for (let next = answers.next(); ; next = answers.next()) {
    if (next.done) {
      if (!next.value) throw new Error("it is damaged");
      return count;
    }
    const { answer, storedAt } = next.value;
    if (!isOfUse(answer.ttlSeconds, storedAt, ages) || cache.has(answer)) continue;
    // A clock that was put back since: what was stored in the future would stay fresh until then.
    cache.put(answer, Math.min(storedAt, ages.nowSeconds));
    count += 1;
    if (count % ANSWERS_A_TURN === 0) await nextTurn();
  }
}

/** Replaces a file so that after a crash there is the old one or the new one. */
async function replaceFile(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    for (const part of parts) await file.write(part);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

function digestOf(bytes: Uint8Array, scope: string): Buffer {
  return createHash("sha256").update(scope).update("\0").update(bytes).digest();
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
