import { LOWER, nameLength } from "../../wire/dns/mod.ts";
import {
  entryBytes,
  IP_AT,
  IP_BYTES,
  KIND_WORD,
  LATENCY_WORD,
  LINE_WORD,
  LISTS_WORD,
  MAX_FILE,
  NAME_AT,
  NAME_LENGTH_AT,
  RULE_WORD,
  TIME_DOUBLE,
  TYPE_WORD,
} from "./entry-layout.ts";
import { type Decided, type LogVerdict, Privacy, type Transport } from "./verdicts.ts";

/** Words of the control block. */
const HEAD = 0;
const TAIL = 1;
const CALLED = 2;
const PRIVACY = 3;
const DROPPED = 4;
const CONTROL_BYTES = 64;
/** Instead of a length: what remains at the end is too short, the next entry is at the start. */
const SKIP = 0;
/** No name, or none that could be read. */
export const NO_NAME = -1;

/**
 * Entries of the query log on their way from the thread that answers to the main thread: shared memory, one writer, one reader.
 * The writer never waits: without room an entry is dropped and counted. What privacy forbids is not written.
 *
 * ```text
 *   chain: push, push, … ─► half full? post one message ═══► main: nextTimeMs, next, release, …
 * ```
 */
export class LogRing {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly #control: Int32Array;

  /** @param buffer of `LogRing.make` */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#control = new Int32Array(buffer, 0, CONTROL_BYTES / 4);
    this.bytes = new Uint8Array(buffer, CONTROL_BYTES);
    this.words = new Uint32Array(buffer, CONTROL_BYTES);
    this.doubles = new Float64Array(buffer, CONTROL_BYTES);
  }

  /** @param bytes room for entries, which take some 72 bytes each; a multiple of 8 */
  static make(bytes: number, privacy: Privacy = Privacy.showAll): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(CONTROL_BYTES + bytes);
    new Int32Array(buffer)[PRIVACY] = privacy;
    return buffer;
  }

  /** Entries that found no room, since the start. */
  get dropped(): number {
    return Atomics.load(this.#control, DROPPED) >>> 0;
  }

  get privacy(): Privacy {
    return Atomics.load(this.#control, PRIVACY) as Privacy;
  }

  /** Applies to what is written from now on. */
  set privacy(privacy: Privacy) {
    Atomics.store(this.#control, PRIVACY, privacy);
  }

  // ---- the thread that answers -----------------------------------------------------------------------------------------

  /**
   * Writes an entry.
   *
   * @param nameFrom where the name is in `bytes`, or `NO_NAME`
   * @param upstream its number + 1; 0 = none
   * @param nowMs since 1970
   * @param ip sixteen bytes
   */
  push(
    verdict: LogVerdict,
    transport: Transport,
    bytes: Uint8Array,
    nameFrom: number,
    type: number,
    rcode: number,
    isStale: boolean,
    decided: Decided | undefined,
    upstream: number,
    latencyUs: number,
    nowMs: number,
    ip: Uint8Array,
  ): void {
    const privacy = this.#control[PRIVACY]!;
    if (privacy === Privacy.nothing) return;
    const hasName = nameFrom >= 0 && privacy < Privacy.hideNames;
    const nameBytes = hasName ? nameLength(bytes, nameFrom) : 0;
    const size = entryBytes(nameBytes);
    const at = this.#place(size);
    if (at < 0) {
      this.#control[DROPPED]! += 1;
      return;
    }
    const { words } = this;
    const word = at >>> 2;
    words[word + KIND_WORD] = size | (verdict << 16) | (transport << 24);
    words[word + TYPE_WORD] = type | (rcode << 16) | (upstream << 24);
    this.doubles[(at >>> 3) + TIME_DOUBLE] = nowMs;
    words[word + LATENCY_WORD] = latencyUs;
    words[word + LISTS_WORD] = decided === undefined ? 0 : decided.lists;
    words[word + RULE_WORD] = isStale ? 1 << 8 : 0;
    words[word + LINE_WORD] = 0;
    // A rule may be the name itself.
    if (hasName && decided !== undefined && decided.lists !== 0) this.#addRule(word, decided);
    const own = this.bytes;
    for (let index = 0; index < IP_BYTES; index++)
      own[at + IP_AT + index] = privacy < Privacy.hideClients ? ip[index]! : 0;
    own[at + NAME_LENGTH_AT] = nameBytes;
    for (let index = 0; index < nameBytes; index++) own[at + NAME_AT + index] = LOWER[bytes[nameFrom + index]!]!;
    Atomics.store(this.#control, HEAD, at + size);
  }

  #addRule(word: number, { labels, rule }: Decided): void {
    const file = rule === undefined ? 0 : Math.min(rule.placed.file, MAX_FILE - 1) + 1;
    this.words[word + RULE_WORD]! |= labels | (file << 16);
    if (rule !== undefined) this.words[word + LINE_WORD] = rule.placed.line;
  }

  /** It is half full, and the reader has not been called since it last looked: call it, once. */
  needsCall(): boolean {
    const head = this.#control[HEAD]!;
    const tail = Atomics.load(this.#control, TAIL);
    const used = head >= tail ? head - tail : head + this.bytes.length - tail;
    return used * 2 > this.bytes.length && Atomics.exchange(this.#control, CALLED, 1) === 0;
  }

  /** Returns where `size` bytes fit in one piece; -1 nowhere. One byte always stays free: head at the tail means empty. */
  #place(size: number): number {
    const head = this.#control[HEAD]!;
    const tail = Atomics.load(this.#control, TAIL);
    const end = this.bytes.length;
    if (head < tail) return head + size < tail ? head : -1;
    if (head + size <= end && !(head + size === end && tail === 0)) return head;
    if (size >= tail) return -1;
    if (head < end) this.words[head >>> 2] = SKIP;
    Atomics.store(this.#control, HEAD, 0);
    return 0;
  }

  // ---- the main thread -------------------------------------------------------------------------------------------------

  /** Begins to read: the writer may call again. */
  beginRead(): void {
    Atomics.store(this.#control, CALLED, 0);
  }

  /** Returns the place of the next entry; -1 when there is none. */
  next(): number {
    const tail = this.#control[TAIL]!;
    if (tail === Atomics.load(this.#control, HEAD)) return -1;
    if (tail < this.bytes.length && this.words[tail >>> 2] !== SKIP) return tail;
    Atomics.store(this.#control, TAIL, 0);
    return this.next();
  }

  /** Frees the entry that `next` returned. */
  release(at: number): void {
    Atomics.store(this.#control, TAIL, at + (this.words[at >>> 2]! & 0xffff));
  }
}
