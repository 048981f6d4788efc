import { type AgeOptions, AnswerReader, HEADER_BYTES, tagOf } from "./answer-reader.ts";
import {
  COUNT,
  entryWords,
  HEADER_WORDS,
  hashQuestion,
  LEADS_BYTE,
  LENGTHS,
  MARKS,
  RESERVED,
  SEED,
  SLOTS_PER_BUCKET,
  STORED_AT,
  TTL,
  VARIANT_BYTE,
} from "./layout.ts";

/** An answer as it is stored. */
export interface NewAnswer {
  /** A message without OPT, its question first and alone. */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** Bytes of the question's name, with the root label. */
  readonly nameBytes: number;
  /** See `AnswerReader.find`. */
  readonly variant: number;
  /** Offsets of the TTLs from the start of the message. */
  readonly ttlOffsets: ArrayLike<number>;
  readonly ttls: number;
  readonly ttlSeconds: number;
  /** See `AnswerReader.leadsElsewhere`. */
  readonly leadsElsewhere: boolean;
}

/** Entries that one insertion may move instead of evicting them: bounds its work. */
const MAX_MOVES = 4;
const MAX_ANSWER_BYTES = 65_535;
const MAX_TTLS = 255;
/** Positions are 32-bit numbers with a sign. */
const LAST_POSITION = 2 ** 31 - 1;

export interface WriterOptions extends AgeOptions {
  /** A secret number, so that nobody outside can choose names that fill one bucket. */
  readonly seed: number;
  /** The position at which the cache is cleared and positions restart: after eight gigabytes of answers. @default {2 ** 31 - 1} */
  readonly lastPosition?: number;
}

/**
 * The one writer of a block of answers.
 *
 * ```text
 *   put ─► reserve words at the head ─► entries there are evicted; those that were asked for since they were written move on
 *          write the entry ─► store its position in a slot of its bucket: the same question's, a free one, or the oldest
 * ```
 */
export class AnswerWriter extends AnswerReader {
  /** Answers that were evicted to make room. */
  evicted = 0;
  /** Answers that were put, or removed: what is stored has changed when this has. */
  changes = 0;
  /** Positions of the next entry, and of the oldest one that may be alive. */
  #head = 0;
  #tail = 0;
  readonly #lastPosition: number;
  /** Entries that are being moved, and how many more may be. */
  readonly #moving: Uint32Array[] = [];
  #movesLeft = 0;

  /** @param buffer of zeros, at least 4096 bytes */
  constructor(buffer: ArrayBuffer | SharedArrayBuffer, { seed, lastPosition, ...ages }: WriterOptions) {
    super(buffer, ages);
    this.control[SEED] = seed;
    this.#lastPosition = lastPosition ?? LAST_POSITION;
    // Nothing is written where there are zeros: megabytes that no answer needs yet would take memory, and a start time.
    this.#beginAt(this.layout.ringWords);
  }

  /** Answers that are stored. */
  get count(): number {
    return this.control[COUNT]!;
  }

  /** Stores an answer, replacing the one to the same question. @returns false if it is too long to be kept */
  put(answer: NewAnswer, nowSeconds: number): boolean {
    const { length, ttls } = answer;
    const words = entryWords(ttls, length);
    if (length > MAX_ANSWER_BYTES || ttls > MAX_TTLS || words > this.layout.ringWords >>> 3) return false;
    this.changes += 1;
    this.#movesLeft = MAX_MOVES;
    const position = this.#reserve(words, nowSeconds);
    this.#write(position % this.layout.ringWords, answer, nowSeconds);
    this.#link(position);
    for (let entry = this.#moving.shift(); entry !== undefined; entry = this.#moving.shift())
      this.#move(entry, nowSeconds);
    return true;
  }

  /** Returns whether there is an answer to the question of this one. */
  has({ bytes, nameBytes, variant }: NewAnswer): boolean {
    return this.slotOf(bytes, HEADER_BYTES, nameBytes, variant) >= 0;
  }

  /** Forgets the answer to the question at `question`. @returns whether there was one */
  remove(bytes: Uint8Array, question: number, nameBytes: number, variant: number): boolean {
    const slot = this.slotOf(bytes, question, nameBytes, variant);
    if (slot >= 0) {
      this.#free(slot);
      this.changes += 1;
    }
    return slot >= 0;
  }

  /** Forgets all. */
  clear(): void {
    this.changes += 1;
    this.tags.fill(0);
    for (let slot = 0; slot < this.slots.length; slot++) Atomics.store(this.slots, slot, 0);
    this.control[COUNT] = 0;
    // Beyond every position that a reader may still hold, so that no new answer is taken for an old one. Position 0 means no entry.
    const { ringWords } = this.layout;
    const next = this.#head + ringWords;
    this.#beginAt(next + 2 * ringWords > this.#lastPosition ? ringWords : next);
    this.#moving.length = 0;
  }

  #beginAt(position: number): void {
    this.#head = position;
    this.#tail = position;
    Atomics.store(this.control, RESERVED, position);
  }

  /** Calls with each stored answer, the oldest first. Its bytes are borrowed. */
  each(call: (answer: NewAnswer, storedAtSeconds: number) => void): void {
    for (let position = this.#tail; position < this.#head; ) {
      const word = position % this.layout.ringWords;
      if (this.#slotAt(position) >= 0) call(this.#answerAt(word), this.words[word + STORED_AT]!);
      position += this.#wordsAt(word);
    }
  }

  // ---- the ring ------------------------------------------------------------------------------------------------------

  /** Reserves contiguous words in the ring, which the caller writes. @returns their position */
  #reserve(words: number, nowSeconds: number): number {
    const { ringWords } = this.layout;
    if (this.#head + 2 * ringWords > this.#lastPosition) this.clear();
    const left = ringWords - (this.#head % ringWords);
    if (left < words) {
      this.#take(left, nowSeconds);
      // Entries are contiguous: what remains at the ring's end stays empty.
      if (left >= HEADER_WORDS) this.words[((this.#head - left) % ringWords) + LENGTHS] = 0;
    }
    this.#take(words, nowSeconds);
    return this.#head - words;
  }

  /** Advances the head past the oldest entries, each of which is evicted or kept to be moved. */
  #take(words: number, nowSeconds: number): void {
    const { ringWords } = this.layout;
    const head = this.#head + words;
    while (head - this.#tail > ringWords) this.#leave(nowSeconds);
    Atomics.store(this.control, RESERVED, head);
    this.#head = head;
  }

  /** Evicts the oldest entry, or keeps it to be moved. */
  #leave(nowSeconds: number): void {
    const word = this.#tail % this.layout.ringWords;
    const words = this.#wordsAt(word);
    const slot = this.#slotAt(this.#tail);
    if (slot >= 0) {
      const isValid = nowSeconds - this.words[word + STORED_AT]! < this.words[word + TTL]!;
      if (isValid && this.#movesLeft > 0 && this.hits[slot]! > 0) {
        this.#movesLeft -= 1;
        this.#moving.push(this.words.slice(word, word + words));
      } else this.evicted += 1;
      this.#free(slot);
    }
    this.#tail += words;
  }

  #move(entry: Uint32Array, nowSeconds: number): void {
    const position = this.#reserve(entry.length, nowSeconds);
    this.words.set(entry, position % this.layout.ringWords);
    const { bytes, nameBytes, variant } = this.#answerAt(position % this.layout.ringWords);
    // An entry that was put meanwhile is the newer answer to the same question.
    if (this.slotOf(bytes, HEADER_BYTES, nameBytes, variant) < 0) this.#link(position);
  }

  /** Returns how many words it is to the next entry. */
  #wordsAt(word: number): number {
    const left = this.layout.ringWords - word;
    const lengths = left < HEADER_WORDS ? 0 : this.words[word + LENGTHS]!;
    return lengths === 0 ? left : entryWords(lengths >>> 24, lengths & 0xffff);
  }

  #write(
    word: number,
    { bytes, length, nameBytes, variant, ttlOffsets, ttls, ttlSeconds, leadsElsewhere }: NewAnswer,
    now: number,
  ): void {
    this.words[word + STORED_AT] = now;
    this.words[word + TTL] = ttlSeconds;
    this.words[word + LENGTHS] = length | (nameBytes << 16) | (ttls << 24);
    this.words[word + MARKS] = variant | (leadsElsewhere ? 0x100 : 0);
    for (let index = 0; index < ttls; index++) this.halves[(word + HEADER_WORDS) * 2 + index] = ttlOffsets[index]!;
    const at = (word + HEADER_WORDS) * 4 + 2 * ttls;
    for (let index = 0; index < length; index++) this.bytes[at + index] = bytes[index]!;
  }

  #answerAt(word: number): NewAnswer {
    const lengths = this.words[word + LENGTHS]!;
    const [length, nameBytes, ttls] = [lengths & 0xffff, (lengths >>> 16) & 0xff, lengths >>> 24];
    const at = (word + HEADER_WORDS) * 4 + 2 * ttls;
    return {
      bytes: this.bytes.subarray(at, at + length),
      length,
      nameBytes,
      variant: this.bytes[word * 4 + VARIANT_BYTE]!,
      ttlOffsets: this.halves.subarray((word + HEADER_WORDS) * 2, (word + HEADER_WORDS) * 2 + ttls),
      ttls,
      ttlSeconds: this.words[word + TTL]!,
      leadsElsewhere: this.bytes[word * 4 + LEADS_BYTE] !== 0,
    };
  }

  // ---- the index -----------------------------------------------------------------------------------------------------

  #link(position: number): void {
    const { bytes, nameBytes, variant } = this.#answerAt(position % this.layout.ringWords);
    const hash = hashQuestion(bytes, HEADER_BYTES, nameBytes, variant, this.control[SEED]!);
    const same = this.slotOf(bytes, HEADER_BYTES, nameBytes, variant);
    const slot = same >= 0 ? same : this.#roomIn(this.bucketOf(hash));
    if (this.slots[slot] === 0) this.control[COUNT]! += 1;
    else if (same < 0) this.evicted += 1;
    this.tags[slot] = tagOf(hash);
    this.hits[slot] = 0;
    this.asked[slot] = 0;
    Atomics.store(this.slots, slot, position);
  }

  /** Returns a bucket's free slot, else that of its oldest answer without hits, else that of its oldest. */
  #roomIn(bucket: number): number {
    let room = bucket;
    let least = Number.POSITIVE_INFINITY;
    for (let slot = bucket; slot < bucket + SLOTS_PER_BUCKET; slot++) {
      const position = this.slots[slot]!;
      const isWanted = position > 0 && this.hits[slot]! > 0;
      const rank = position + (isWanted ? LAST_POSITION : 0);
      if (rank >= least) continue;
      least = rank;
      room = slot;
    }
    return room;
  }

  /** The slot that leads to an entry; -1 when it has been replaced or removed. */
  #slotAt(position: number): number {
    const word = position % this.layout.ringWords;
    if (this.layout.ringWords - word < HEADER_WORDS || this.words[word + LENGTHS] === 0) return -1;
    const { bytes, nameBytes, variant } = this.#answerAt(word);
    const bucket = this.bucketOf(hashQuestion(bytes, HEADER_BYTES, nameBytes, variant, this.control[SEED]!));
    for (let slot = bucket; slot < bucket + SLOTS_PER_BUCKET; slot++) if (this.slots[slot] === position) return slot;
    return -1;
  }

  #free(slot: number): void {
    Atomics.store(this.slots, slot, 0);
    this.tags[slot] = 0;
    this.control[COUNT]! -= 1;
  }
}
