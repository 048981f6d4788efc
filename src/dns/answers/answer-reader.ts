import {
  FOLD,
  HEADER_WORDS,
  hashQuestion,
  type Layout,
  LEADS_BYTE,
  LENGTHS,
  layoutOf,
  RESERVED,
  SEED,
  SLOTS_PER_BUCKET,
  STORED_AT,
  TTL,
  VARIANT_BYTE,
} from "./layout.ts";

/** How answers age. Times in seconds, as TTLs are. */
export interface AgeOptions {
  /** How long after its TTL a stale answer may still be served while it is refreshed (RFC 8767). @default {86_400} */
  readonly staleSeconds?: number;
  /** TTL of a stale answer when it is served. @default {30} */
  readonly staleTtlSeconds?: number;
  /** Hits from which on an answer is refreshed before it expires (prefetch). @default {4} */
  readonly prefetchHits?: number;
  /** The last share of a TTL, in which a prefetch begins. @default {0.1} */
  readonly prefetchShare?: number;
}

/** A refresh that failed is requested again after this time. */
const ASK_AGAIN_SECONDS = 10;

/** The bytes of a message before its question. */
export const HEADER_BYTES = 12;
/** Type and class. */
const TYPE_AND_CLASS_BYTES = 4;
const TTL_BYTES = 4;

/** Finds stored answers and copies them out, patched for the client's query. Allocates nothing. */
export class AnswerReader {
  /** The answer that was found last is past its TTL. */
  isStale = false;
  /** The answer that was found last should be refreshed. Set at most once in ten seconds per answer. */
  wantsRefresh = false;
  /** The answer that was found last contains targets of CNAME, SVCB or HTTPS records: names that may be blocked. */
  leadsElsewhere = false;
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  /** Of the entry that `slotOf` found. */
  protected position = 0;
  protected readonly layout: Layout;
  protected readonly control: Int32Array;
  protected readonly tags: Uint8Array;
  protected readonly slots: Int32Array;
  protected readonly hits: Uint8Array;
  protected readonly asked: Uint16Array;
  protected readonly words: Uint32Array;
  protected readonly halves: Uint16Array;
  protected readonly bytes: Uint8Array;
  readonly #buckets: number;
  readonly #ringWords: number;
  readonly #staleSeconds: number;
  readonly #staleTtl: number;
  readonly #prefetchHits: number;
  readonly #prefetchShare: number;

  constructor(buffer: ArrayBuffer | SharedArrayBuffer, options: AgeOptions = {}) {
    const layout = layoutOf(buffer.byteLength);
    this.buffer = buffer;
    this.layout = layout;
    this.control = new Int32Array(buffer, 0, 16);
    this.tags = new Uint8Array(buffer, layout.tagsAt, layout.slots);
    this.slots = new Int32Array(buffer, layout.slotsAt, layout.slots);
    this.hits = new Uint8Array(buffer, layout.hitsAt, layout.slots);
    this.asked = new Uint16Array(buffer, layout.askedAt, layout.slots);
    this.words = new Uint32Array(buffer, layout.ringAt, layout.ringWords);
    this.halves = new Uint16Array(buffer, layout.ringAt, layout.ringWords * 2);
    this.bytes = new Uint8Array(buffer, layout.ringAt, layout.ringWords * 4);
    this.#buckets = layout.buckets;
    this.#ringWords = layout.ringWords;
    this.#staleSeconds = options.staleSeconds ?? 86_400;
    this.#staleTtl = options.staleTtlSeconds ?? 30;
    this.#prefetchHits = options.prefetchHits ?? 4;
    this.#prefetchShare = options.prefetchShare ?? 0.1;
  }

  /**
   * Writes the answer to the question of a query into `out`: with the query's ID, RD and spelling of the name, and with what is left of each TTL.
   *
   * @param from where the query's header is in `bytes`
   * @param nameBytes of the question's name, with the root label
   * @param variant what the answer depends on beside the question, such as the flag DO; one byte
   * @param nowSeconds since 1970
   * @param room bytes that may be written
   * @returns the answer's length; 0 if there is none; if it does not fit, the negated length, and nothing is written
   */
  find(
    bytes: Uint8Array,
    from: number,
    nameBytes: number,
    variant: number,
    nowSeconds: number,
    out: Uint8Array,
    to: number,
    room: number,
  ): number {
    const slot = this.slotOf(bytes, from + HEADER_BYTES, nameBytes, variant);
    if (slot < 0) return 0;
    // Not read from the slot again, which another question's answer may have taken meanwhile.
    const { position } = this;
    const word = this.#wordOf(position);
    const { words } = this;
    const ageSeconds = Math.max(0, nowSeconds - words[word + STORED_AT]!);
    const ttl = words[word + TTL]!;
    if (ageSeconds >= ttl + this.#staleSeconds) return 0;
    this.isStale = ageSeconds >= ttl;
    this.leadsElsewhere = this.bytes[word * 4 + LEADS_BYTE] !== 0;
    this.#judgeRefresh(slot, ageSeconds, ttl, nowSeconds);
    const length = words[word + LENGTHS]! & 0xffff;
    if (length > room) return this.isAlive(position) ? -length : 0;
    this.#copy(word, length, out, to);
    if (!this.isAlive(position)) return 0;
    this.#patch(word, length, bytes, from, nameBytes, ageSeconds, out, to);
    // Again: offsets of TTLs were read too.
    return this.isAlive(position) ? length : 0;
  }

  /** Returns how old the answer to a question is that clients without DNSSEC get; undefined when there is none. */
  ageOf(
    bytes: Uint8Array,
    from: number,
    nameBytes: number,
    nowSeconds: number,
  ): { ageSeconds: number; ttlSeconds: number } | undefined {
    if (this.slotOf(bytes, from + HEADER_BYTES, nameBytes, 0) < 0) return undefined;
    const word = this.#wordOf(this.position);
    const ageSeconds = Math.max(0, nowSeconds - this.words[word + STORED_AT]!);
    return { ageSeconds, ttlSeconds: this.words[word + TTL]! };
  }

  /** Returns the slot of the live entry that answers a question; -1 when there is none. */
  protected slotOf(bytes: Uint8Array, question: number, nameBytes: number, variant: number): number {
    const hash = hashQuestion(bytes, question, nameBytes, variant, this.control[SEED]!);
    const first = this.bucketOf(hash);
    const tag = tagOf(hash);
    for (let slot = first; slot < first + SLOTS_PER_BUCKET; slot++) {
      if (this.tags[slot] !== tag) continue;
      const position = Atomics.load(this.slots, slot);
      if (!this.isAlive(position) || !this.#isOf(this.#wordOf(position), bytes, question, nameBytes, variant)) continue;
      this.position = position;
      return slot;
    }
    return -1;
  }

  /** Returns the first slot of a hash's bucket. A remainder of 31 bits is computed with integers; one of 32 bits would not be. */
  protected bucketOf(hash: number): number {
    return ((hash & 0x7fffffff) % this.#buckets) * SLOTS_PER_BUCKET;
  }

  /** Returns whether an entry has not been overwritten. Position 0 means no entry. */
  protected isAlive(position: number): boolean {
    return position !== 0 && (Atomics.load(this.control, RESERVED) - position) >>> 0 <= this.#ringWords;
  }

  #wordOf(position: number): number {
    return position % this.#ringWords;
  }

  #isOf(word: number, bytes: Uint8Array, question: number, nameBytes: number, variant: number): boolean {
    const lengths = this.words[word + LENGTHS]!;
    const own = this.bytes;
    if (((lengths >>> 16) & 0xff) !== nameBytes || own[word * 4 + VARIANT_BYTE] !== variant) return false;
    const at = word * 4 + HEADER_WORDS * 4 + 2 * (lengths >>> 24) + HEADER_BYTES;
    for (let index = 0; index < nameBytes; index++) {
      if (FOLD[own[at + index]!] !== FOLD[bytes[question + index]!]) return false;
    }
    for (let index = nameBytes; index < nameBytes + TYPE_AND_CLASS_BYTES; index++) {
      if (own[at + index] !== bytes[question + index]) return false;
    }
    return true;
  }

  /** Counts the hit, and sets `wantsRefresh` if the answer is stale, or popular and about to expire. */
  #judgeRefresh(slot: number, ageSeconds: number, ttl: number, nowSeconds: number): void {
    const hits = this.hits[slot]!;
    if (hits < 255) this.hits[slot] = hits + 1;
    const isDue = this.isStale || (hits >= this.#prefetchHits && ageSeconds >= ttl * (1 - this.#prefetchShare));
    this.wantsRefresh = false;
    if (!isDue) return;
    const now = nowSeconds & 0xffff;
    const asked = this.asked[slot]!;
    if (asked !== 0 && ((now - asked) & 0xffff) < ASK_AGAIN_SECONDS) return;
    this.asked[slot] = now === 0 ? 1 : now;
    this.wantsRefresh = true;
  }

  /** Copies by a loop: `out.set(bytes.subarray())` would allocate a view. */
  #copy(word: number, length: number, out: Uint8Array, to: number): void {
    const from = word * 4 + HEADER_WORDS * 4 + 2 * (this.words[word + LENGTHS]! >>> 24);
    const own = this.bytes;
    for (let index = 0; index < length; index++) out[to + index] = own[from + index]!;
  }

  #patch(
    word: number,
    length: number,
    query: Uint8Array,
    from: number,
    nameBytes: number,
    ageSeconds: number,
    out: Uint8Array,
    to: number,
  ): void {
    out[to] = query[from]!;
    out[to + 1] = query[from + 1]!;
    out[to + 2] = (out[to + 2]! & 0xfe) | (query[from + 2]! & 1);
    for (let index = HEADER_BYTES; index < HEADER_BYTES + nameBytes; index++) out[to + index] = query[from + index]!;
    if (ageSeconds === 0) return;
    const ttls = this.words[word + LENGTHS]! >>> 24;
    for (let index = 0; index < ttls; index++) {
      const offset = this.halves[word * 2 + HEADER_WORDS * 2 + index]!;
      // Of an entry that is being overwritten it is anything, and behind this answer are others.
      if (offset > length - TTL_BYTES) return;
      const at = to + offset;
      const left = this.isStale ? this.#staleTtl : readTtl(out, at) - ageSeconds;
      out[at] = left >>> 24;
      out[at + 1] = left >>> 16;
      out[at + 2] = left >>> 8;
      out[at + 3] = left;
    }
  }
}

/** Returns the tag of a hash; never 0, which marks a slot that was never used. */
export function tagOf(hash: number): number {
  return (hash >>> 24) | 1;
}

function readTtl(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
