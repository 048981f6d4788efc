import type { EntryMemory } from "./entry.ts";
import { sizeAt } from "./entry.ts";

/** The last entries in memory, as bytes: neither their number nor their size grows. The oldest make room for new ones. */
export class RecentEntries implements EntryMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  /** Entries so far: the number of the next one. */
  count = 0;
  /** Number of the oldest that is kept. */
  first = 0;
  /** Each new entry takes the place of old ones. */
  isFull = false;
  readonly #offsets: Int32Array;
  readonly #ids: Float64Array;
  #head = 0;

  /** @param maxBytes a multiple of 8, more than the longest entry */
  constructor(maxBytes: number, maxEntries: number) {
    const buffer = new ArrayBuffer(maxBytes);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.#offsets = new Int32Array(maxEntries);
    this.#ids = new Float64Array(maxEntries);
  }

  /** Copies an entry. */
  add(from: EntryMemory, at: number, id: number): void {
    const size = sizeAt(from, at);
    if (this.#head + size > this.bytes.length) {
      while (this.#oldestIsIn(this.#head, this.bytes.length)) this.#evict();
      this.#head = 0;
    }
    while (this.#oldestIsIn(this.#head, this.#head + size)) this.#evict();
    if (this.count - this.first === this.#offsets.length) this.#evict();
    const { words } = this;
    const [to, source] = [this.#head >>> 2, at >>> 2];
    for (let word = 0; word < size >>> 2; word++) words[to + word] = from.words[source + word]!;
    const slot = this.count % this.#offsets.length;
    this.#offsets[slot] = this.#head;
    this.#ids[slot] = id;
    this.count += 1;
    this.#head += size;
  }

  /** Returns where an entry that is kept is. */
  at(number: number): number {
    return this.#offsets[number % this.#offsets.length]!;
  }

  id(number: number): number {
    return this.#ids[number % this.#ids.length]!;
  }

  /** Returns the number of the first entry that is kept with an id beyond `id`; `count` when there is none. */
  after(id: number): number {
    let [low, high] = [this.first, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.id(middle) > id) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  clear(): void {
    this.first = this.count;
    this.isFull = false;
    this.#head = 0;
    this.bytes.fill(0);
  }

  #evict(): void {
    this.first += 1;
    this.isFull = true;
  }

  #oldestIsIn(from: number, to: number): boolean {
    if (this.first === this.count) return false;
    const oldest = this.at(this.first);
    return oldest >= from && oldest < to;
  }
}
