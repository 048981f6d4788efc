import { SUBTREE } from "../list-format/mod.ts";
import {
  BLOCK_NAMES,
  BLOCK_SHIFT,
  EPOCH,
  LONG_REST,
  LONG_SET,
  MAX_READERS,
  MORE,
  PAGE_FILTER,
  PAGE_HEADER,
  PAGE_NAMES,
  PAGE_SETS,
  RANK_SHIFT,
  SEED,
  SETS_MASK,
  SLOT_WORDS,
  SLOTS,
  TABLE,
  TABLE_BITS,
  TOP_PAGE,
} from "./layout.ts";
import { addByte, FILTER_SALT, FOLDED, isRegistry, mix, SEPARATOR } from "./name-hash.ts";

const MAX_LABELS = 128;
const NOT_FOUND = -1;

/**
 * Finds the entries of a name and of its parents. A lookup allocates nothing; its result is in the fields until the next one.
 * Each thread has its own reader, which calls `enter` and `leave` unless it is on the writer's thread.
 */
export class PageReader {
  /** Lists of the question's mask that decided, as a mask. */
  lists = 0;
  /** Labels of the name that decided: 2 for `||example.org^`. */
  labels = 0;
  /** Flags of the entry that decided. */
  flags = 0;

  /** Letters of the last question. */
  length = 0;
  /** Labels of the last question. */
  labelCount = 0;
  /** Hash of the last question from its n-th label on. */
  readonly hashes = new Int32Array(MAX_LABELS);
  /** Letters of the last question in reverse. */
  readonly key = new Uint8Array(new ArrayBuffer(256));
  /** Length of the key from the n-th label on. */
  readonly ends = new Int32Array(MAX_LABELS);

  #isBelowRegistry = false;
  readonly #bytes: Uint8Array;
  readonly #halves: Uint16Array;
  readonly #words: Int32Array;
  readonly #seed: number;
  readonly #slot: number;

  /**
   * `reader` is the number of this thread among those who read, from 0; without one it is the writer's own thread.
   *
   * @throws {RangeError} where `reader` is not below `MAX_READERS`: its slot would be among the pages
   */
  constructor(memory: SharedArrayBuffer, reader?: number) {
    if (reader !== undefined && !(reader >= 0 && reader < MAX_READERS))
      throw new RangeError(`Cannot read block lists as thread ${reader}: expected 0 to ${MAX_READERS - 1}`);
    this.#bytes = new Uint8Array(memory);
    this.#halves = new Uint16Array(memory);
    this.#words = new Int32Array(memory);
    this.#seed = this.#words[SEED]!;
    this.#slot = reader === undefined ? -1 : SLOTS + reader * SLOT_WORDS;
    // The thread that had this number before may have ended without `leave`, and would keep old pages for ever.
    if (reader !== undefined) this.leave();
  }

  /** Begins a batch of lookups: from now on the writer keeps the pages that this thread may read. */
  enter(): void {
    Atomics.store(this.#words, this.#slot, Atomics.load(this.#words, EPOCH));
  }

  /** Ends a batch; to be called before the thread waits for anything. */
  leave(): void {
    Atomics.store(this.#words, this.#slot, 0);
  }

  /**
   * Looks a name up: labels with their lengths, as on the wire, from `from` on. Only lists in `mask` count.
   *
   * @returns the rank of the entry that decides, -1 where there is none: 0 blocks, 1 allows, 2 and 3 the same with `$important`.
   * Among equal ranks the one with the fewest labels decides, so that the search ends there, unless a page has higher ranks.
   */
  lookup(wire: Uint8Array, from: number, mask: number): number {
    const count = this.readName(wire, from);
    let rank = NOT_FOUND;
    if (count === 0) return rank;
    const { hashes } = this;
    const top = Atomics.load(this.#words, TOP_PAGE);
    if (top !== 0) rank = this.#consider(top, count - 1, mask, rank);
    if (count === 1) return rank;
    let label = count - 2;
    if (this.#isBelowRegistry) {
      const page = this.#pageOf(hashes[label]!);
      if (page !== 0) rank = this.#consider(page, label, mask, rank);
      label -= 1;
    }
    const page = this.#pageOf(hashes[label]!);
    if (page === 0) return rank;
    const highest = (this.#words[(page >> 2) + PAGE_SETS]! >>> RANK_SHIFT) & 3;
    for (; label >= 0 && rank < highest; label--) rank = this.#consider(page, label, mask, rank);
    return rank;
  }

  #pageOf(site: number): number {
    return Atomics.load(this.#words, TABLE + (mix(site) >>> (32 - TABLE_BITS)));
  }

  /** Reads a name of the wire into `key`, `hashes` and `ends`. @returns its labels */
  readName(wire: Uint8Array, from: number): number {
    const { ends, key, hashes } = this;
    let count = 0;
    let at = from;
    for (let length = wire[at]!; length > 0 && count < MAX_LABELS; length = wire[at]!) {
      ends[count++] = at;
      at += length + 1;
    }
    this.labelCount = count;
    this.#isBelowRegistry = count > 2 && isRegistry(wire[ends[count - 1]!]!, wire[ends[count - 2]!]!);
    let hash = this.#seed;
    let to = 0;
    let end = at;
    for (let label = count - 1; label >= 0; label--) {
      const start = ends[label]!;
      for (let source = end - 1; source > start; source--) {
        const byte = FOLDED[wire[source]!]!;
        key[to++] = byte;
        hash = addByte(hash, byte);
      }
      hashes[label] = hash;
      ends[label] = to;
      if (label > 0) {
        key[to++] = SEPARATOR;
        hash = addByte(hash, SEPARATOR);
      }
      end = start;
    }
    this.length = to;
    return count;
  }

  /** Looks for the name from `label` on. @returns the better one of `rank` and what it found */
  #consider(page: number, label: number, mask: number, rank: number): number {
    const words = this.#words;
    const base = page >> 2;
    const filterWords = words[base + PAGE_FILTER]!;
    const hash = mix(this.hashes[label]! ^ FILTER_SALT);
    const bits = (1 << (hash & 31)) | (1 << ((hash >>> 5) & 31)) | (1 << ((hash >>> 10) & 31));
    const word = base + PAGE_HEADER + (Math.imul(hash >>> 16, filterWords) >>> 16);
    if ((words[word]! & bits) !== bits) return rank;
    const set = this.#find(page, this.ends[label]!);
    return set < 0 ? rank : this.#judge(base + PAGE_HEADER + filterWords, set, label, mask, rank);
  }

  /** Goes through the records of a set. */
  #judge(sets: number, set: number, label: number, mask: number, rank: number): number {
    const words = this.#words;
    let best = rank;
    for (let record = sets + set * 2; ; record += 2) {
      const flags = words[record + 1]!;
      const lists = words[record]! & mask;
      const entryRank = (flags & ~MORE) >> 1;
      if (lists !== 0 && (label === 0 || (flags & SUBTREE) !== 0)) {
        if (entryRank > best) {
          this.lists = lists;
          this.labels = this.labelCount - label;
          this.flags = flags & ~MORE;
          best = entryRank;
          // A name may have an entry for itself and its subdomains, and another for itself alone.
        } else if (entryRank === best && this.labels === this.labelCount - label) this.lists |= lists;
      }
      if ((flags & MORE) === 0) return best;
    }
  }

  /** Finds the first `length` letters of the key in a page. @returns the number of its set, -1 if it is not there */
  #find(page: number, length: number): number {
    const words = this.#words;
    const base = page >> 2;
    const names = words[base + PAGE_NAMES]!;
    const blocks = (names + BLOCK_NAMES - 1) >> BLOCK_SHIFT;
    const sets = words[base + PAGE_SETS]!;
    const isWide = sets < 0;
    const table = base + PAGE_HEADER + words[base + PAGE_FILTER]! + (sets & SETS_MASK) * 2;
    const text = (table + (isWide ? blocks : (blocks + 1) >> 1)) << 2;
    const low = this.#findBlock(table, text, blocks, length, isWide);
    const block = text + (isWide ? words[table + low]! : this.#halves[table * 2 + low]!);
    const inBlock = names - low * BLOCK_NAMES;
    return this.#scan(block, inBlock < BLOCK_NAMES ? inBlock : BLOCK_NAMES, length);
  }

  /**
   * Returns the last block whose first name is not behind the key. What both ends of the range share with the key, all between
   * them does, and is not compared again.
   */
  #findBlock(table: number, text: number, blocks: number, length: number, isWide: boolean): number {
    const bytes = this.#bytes;
    const key = this.key;
    const words = this.#words;
    const halves = this.#halves;
    let low = 0;
    let high = blocks;
    let lowShared = 0;
    let highShared = 0;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      let at = text + (isWide ? words[table + middle]! : halves[table * 2 + middle]!);
      let rest = bytes[at]! >> 1;
      at += bytes[at + 1] === LONG_SET ? 4 : 2;
      if (rest === LONG_REST) {
        rest = bytes[at - 1]!;
        at += bytes[at] === LONG_SET ? 3 : 1;
      }
      let shared = lowShared < highShared ? lowShared : highShared;
      const most = rest < length ? rest : length;
      while (shared < most && bytes[at + shared] === key[shared]) shared += 1;
      const isBehind = shared === most ? rest > length : bytes[at + shared]! > key[shared]!;
      if (isBehind) {
        high = middle;
        highShared = shared;
      } else {
        low = middle;
        lowShared = shared;
      }
    }
    return low;
  }

  /** Goes through the names of a block, comparing only letters that those before did not have. */
  #scan(block: number, names: number, length: number): number {
    const { key } = this;
    const bytes = this.#bytes;
    let at = block;
    let set = 0;
    let matched = 0;
    for (let index = 0; index < names; index++) {
      const shared = index === 0 ? 0 : bytes[at++]!;
      const head = bytes[at++]!;
      let rest = head >> 1;
      if (rest === LONG_REST) rest = bytes[at++]!;
      if ((head & 1) !== 0) {
        set = bytes[at++]!;
        if (set === LONG_SET) {
          set = bytes[at]! | (bytes[at + 1]! << 8);
          at += 2;
        }
      }
      if (shared < matched) return NOT_FOUND;
      if (shared === matched) {
        let letter = 0;
        while (letter < rest && matched < length && bytes[at + letter] === key[matched]) {
          letter += 1;
          matched += 1;
        }
        if (letter === rest) {
          if (matched === length) return set;
        } else if (matched === length || bytes[at + letter]! > key[matched]!) return NOT_FOUND;
      }
      at += rest;
    }
    return NOT_FOUND;
  }
}
