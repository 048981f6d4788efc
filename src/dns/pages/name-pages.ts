import { Arena } from "./arena.ts";
import { type DisabledNames, reversedName } from "./disabled-names.ts";
import { EPOCH, PAGE_NAMES, PAGES, SEED, SLOTS, TABLE, TABLE_BITS, TABLE_SIZE, TOP_PAGE } from "./layout.ts";
import { siteHash } from "./name-hash.ts";
import { NameHeap } from "./name-heap.ts";
import { GROUPS } from "./name-index.ts";
import { decodePage } from "./page-decoder.ts";
import { PageEncoder } from "./page-encoder.ts";

export interface NamePagesOptions {
  /** Most memory for pages; the kernel commits it only as it is used. Default: 32 MiB, some two million names. */
  readonly maxBytes?: number;
  /** Secret number for the hash of names. */
  readonly seed: number;
  /** Pages to begin with, as `snapshot` returned them; they have this seed. @default {none} */
  readonly snapshot?: Uint8Array;
}

const MAX_BYTES = 32 * 1024 * 1024;
const NAMES_PER_PAGE = 2000;
const LIVE_HEAP_BYTES = 1 << 17;

/** A change to one name. */
export interface NameChange {
  readonly name: string;
  readonly flags: number;
  /** Masks of the lists to which the name is added, and from which it is removed. */
  readonly add: number;
  readonly remove: number;
}

/** Thrown when pages need more memory than `maxBytes`. */
export class PagesFullError extends Error {
  override readonly name = "PagesFullError";
}

/**
 * The names of all lists in shared memory: this is the one writer, any thread reads with a `PageReader`. See `layout.ts` for
 * the bytes, and `arena.ts` for how a page is replaced while others read.
 */
export class NamePages {
  readonly memory: SharedArrayBuffer;
  readonly seed: number;
  readonly #words: Int32Array;
  readonly #arena: Arena;
  readonly #encoder: PageEncoder;
  readonly #live = new NameHeap(LIVE_HEAP_BYTES);

  constructor({ maxBytes = MAX_BYTES, seed, snapshot = new Uint8Array(0) }: NamePagesOptions) {
    this.memory = new SharedArrayBuffer(Math.max(Math.floor(maxBytes / 4) * 4, snapshot.length, PAGES * 2));
    this.seed = seed | 0;
    new Uint8Array(this.memory).set(snapshot);
    this.#words = new Int32Array(this.memory);
    this.#words[SEED] = this.seed;
    this.#words[EPOCH] = 1;
    this.#arena = new Arena(this.memory);
    this.#encoder = new PageEncoder(this.seed);
  }

  /** Bytes of memory in use: pages, and room between them. */
  get bytes(): number {
    return this.#arena.endBytes;
  }

  /** Old pages that wait until the last reader has left them. */
  get retiredPages(): number {
    return this.#arena.retired;
  }

  /** Returns a copy of all pages, and of the room between them, as if nobody read them. */
  snapshot(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(new Uint8Array(this.memory, 0, this.#arena.endBytes));
    bytes.fill(0, SLOTS * 4, TABLE * 4);
    return bytes;
  }

  /** Returns the number of distinct names. */
  countNames(): number {
    let names = 0;
    let before = 0;
    for (let entry = -1; entry < TABLE_SIZE; entry++) {
      const page = this.#words[entry < 0 ? TOP_PAGE : TABLE + entry]!;
      if (page !== 0 && page !== before) names += this.#words[(page >> 2) + PAGE_NAMES]!;
      before = page;
    }
    return names;
  }

  /** Sets which entries are switched off, for the pages that are made from now on. */
  set disabled(names: DisabledNames | undefined) {
    this.#encoder.disabled = names !== undefined && names.size > 0 ? names : undefined;
  }

  /** Makes the pages of one group, and of single labels, from all its names. Yields after each page. */
  *replaceGroup(heap: NameHeap, group: number, pageBits: number): Generator<void> {
    const perGroup = (1 << pageBits) / GROUPS;
    const entries = TABLE_SIZE >> pageBits;
    for (let page = 0; page < perGroup; page++) {
      const from = (group * perGroup + page) * entries;
      this.#publish(heap, page, (words) => this.#arena.publish(words, from, from + entries));
      yield;
    }
    if (group > 0) return;
    this.#publish(heap, perGroup, (words) => this.#arena.publishTop(this.#encoder.names === 0 ? null : words));
  }

  #publish(heap: NameHeap, page: number, publish: (words: Uint32Array) => boolean): void {
    const count = heap.gather(page);
    heap.sort(count);
    if (!publish(this.#encoder.encode(heap, count))) throw new PagesFullError("The memory for block lists is full");
  }

  /**
   * Adds one name to lists, or removes it from them: its page is rebuilt.
   *
   * @returns the mask of lists that had it with these flags
   */
  change({ name, flags, add, remove }: NameChange): number {
    const text = Buffer.from(name, "latin1");
    const site = siteHash(text, 0, text.length, this.seed);
    const isTop = !name.includes(".");
    const entry = site >>> (32 - TABLE_BITS);
    const page = this.#words[isTop ? TOP_PAGE : TABLE + entry]!;
    const before = this.#merge(page, reversedName(name), flags, { add, remove });
    const words = this.#encoder.encode(this.#live, this.#live.gather(0));
    const [from, to] = this.#runOf(entry);
    const isPlaced = isTop
      ? this.#arena.publishTop(this.#encoder.names === 0 ? null : words)
      : this.#arena.publish(words, from, to);
    if (!isPlaced) throw new PagesFullError("The memory for block lists is full");
    return before;
  }

  /** Copies a page's names to the live heap, with one of them changed. */
  #merge(page: number, name: Uint8Array, flags: number, { add, remove }: { add: number; remove: number }): number {
    const heap = this.#live;
    heap.begin(1);
    let before = 0;
    let isPlaced = false;
    const place = () => {
      isPlaced = true;
      addToLists(heap, name, name.length, flags, add);
    };
    if (page !== 0) {
      decodePage(this.#words, page, (reversed, length, entryFlags, lists) => {
        const order = Buffer.compare(reversed.subarray(0, length), name);
        if (order > 0 && !isPlaced) place();
        const isSame = order === 0 && entryFlags === flags;
        if (isSame) before = lists;
        addToLists(heap, reversed, length, entryFlags, isSame ? lists & ~remove : lists);
      });
    }
    if (!isPlaced) place();
    return before;
  }

  /** Returns the neighbouring entries of the table that have the same page. */
  #runOf(entry: number): [from: number, to: number] {
    const page = this.#words[TABLE + entry]!;
    let [from, to] = [entry, entry + 1];
    if (page === 0) return [from, to];
    while (from > 0 && this.#words[TABLE + from - 1] === page) from -= 1;
    while (to < TABLE_SIZE && this.#words[TABLE + to] === page) to += 1;
    return [from, to];
  }
}

function addToLists(heap: NameHeap, reversed: Uint8Array, length: number, flags: number, lists: number): void {
  for (let rest = lists; rest !== 0; rest &= rest - 1) {
    heap.addReversed(0, reversed, length, flags, 31 - Math.clz32(rest & -rest));
  }
}

/** Returns how many pages suit so many names, as a power of two. */
export function pageBitsFor(names: number): number {
  const bits = Math.round(Math.log2(Math.max(1, names) / NAMES_PER_PAGE));
  return Math.max(Math.log2(GROUPS), Math.min(TABLE_BITS, bits));
}
