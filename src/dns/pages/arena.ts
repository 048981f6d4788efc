import { EPOCH, MAX_READERS, PAGE_BYTES, PAGES, SLOT_WORDS, SLOTS, TABLE, TABLE_SIZE, TOP_PAGE } from "./layout.ts";

/** Pages start and end at multiples of this, so that a page fits where a slightly smaller one was. */
const GRAIN = 256;

interface Hole {
  at: number;
  bytes: number;
}

/**
 * The writer's side of the shared memory: gives out room for pages, publishes them, and takes back the room of old ones.
 *
 *     writer: copies a new page into free room ─► stores its offset in the table ─► epoch += 1 ─► old page retired at that epoch
 *     reader: its slot := epoch ─► looks up … ─► its slot := 0, and waits for questions
 *     writer: an old page is free once each slot is 0, or not below the epoch at which it was retired
 *
 * So no reader ever waits, and none sees half a page: the store is the only moment at which anything changes, and a page that a
 * reader may still read is not overwritten. Stores and loads of table, slots and epoch are atomic, hence in one order for all:
 * a reader that took its epoch after the store sees the new page; one that took it before keeps the old page alive.
 */
export class Arena {
  readonly #words: Int32Array;
  readonly #bytes: number;
  #end = PAGES;
  /** Free room between pages, by address. */
  #holes: Hole[] = [];
  /** Old pages that a reader may still read. */
  #retired: (Hole & { epoch: number })[] = [];
  /** Pages that the table has. */
  #used = 0;

  /** Takes over the pages that the memory's table has already: those of a snapshot. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#bytes = memory.byteLength;
    const entries = [TOP_PAGE, ...Array.from({ length: TABLE_SIZE }, (_, entry) => TABLE + entry)];
    const pages = [...new Set(entries.map((word) => this.#words[word]!))].filter((at) => at !== 0);
    for (const at of pages.sort((one, other) => one - other)) {
      if (at > this.#end) this.#holes.push({ at: this.#end, bytes: at - this.#end });
      const bytes = this.#roomOf(at);
      this.#used += bytes;
      this.#end = at + bytes;
    }
  }

  /** Bytes of pages, without free room. */
  get usedBytes(): number {
    return this.#used;
  }

  /** Bytes up to the end of the last page: what the kernel has given memory for. */
  get endBytes(): number {
    return this.#end;
  }

  /** Pages that wait for a reader. */
  get retired(): number {
    return this.#retired.length;
  }

  /**
   * Copies a page into free room, and puts it into the table from entry `from` to `to`.
   *
   * @returns false if there is no room for it
   */
  publish(page: Uint32Array, from: number, to: number): boolean {
    const at = this.#place(page);
    if (at < 0) return false;
    for (let entry = from; entry < to; entry++) this.#replace(TABLE + entry, at);
    return true;
  }

  /** Publishes the page of names with one label; null removes it. */
  publishTop(page: Uint32Array | null): boolean {
    const at = page === null ? 0 : this.#place(page);
    if (at < 0) return false;
    this.#replace(TOP_PAGE, at);
    return true;
  }

  /** Takes back the room of old pages that no reader reads any more. */
  reclaim(): void {
    if (this.#retired.length === 0) return;
    const oldest = this.#oldestReader();
    const kept = [];
    for (const page of this.#retired) {
      if (oldest !== 0 && ((oldest - page.epoch) | 0) < 0) kept.push(page);
      else this.#free(page);
    }
    this.#retired = kept;
  }

  /** Returns the lowest epoch of active readers, 0 if there is none. Epochs may wrap: only differences are compared. */
  #oldestReader(): number {
    let oldest = 0;
    for (let reader = 0; reader < MAX_READERS; reader++) {
      const epoch = Atomics.load(this.#words, SLOTS + reader * SLOT_WORDS);
      if (epoch !== 0 && (oldest === 0 || ((epoch - oldest) | 0) < 0)) oldest = epoch;
    }
    return oldest;
  }

  #place(page: Uint32Array): number {
    const bytes = Math.ceil(page.byteLength / GRAIN) * GRAIN;
    const at = this.#allocate(bytes);
    if (at < 0) return -1;
    this.#words.set(page, at >> 2);
    this.#used += bytes;
    return at;
  }

  #replace(word: number, at: number): void {
    const old = this.#words[word]!;
    Atomics.store(this.#words, word, at);
    // Neighbouring entries have the same page: the last one of them retires it.
    const isTable = word >= TABLE;
    if (old === 0 || (isTable && word + 1 < TABLE + TABLE_SIZE && this.#words[word + 1] === old)) return;
    const bytes = this.#roomOf(old);
    this.#used -= bytes;
    this.#retired.push({ at: old, bytes, epoch: this.#nextEpoch() });
  }

  #roomOf(page: number): number {
    return Math.ceil(this.#words[(page >> 2) + PAGE_BYTES]! / GRAIN) * GRAIN;
  }

  /** Advances the epoch, skipping 0, which means that a thread does not read. */
  #nextEpoch(): number {
    const epoch = (Atomics.add(this.#words, EPOCH, 1) + 1) | 0;
    return epoch === 0 ? this.#nextEpoch() : epoch;
  }

  #allocate(bytes: number): number {
    this.reclaim();
    for (let index = 0; index < this.#holes.length; index++) {
      const hole = this.#holes[index]!;
      if (hole.bytes < bytes) continue;
      const at = hole.at;
      hole.at += bytes;
      hole.bytes -= bytes;
      if (hole.bytes === 0) this.#holes.splice(index, 1);
      return at;
    }
    if (this.#end + bytes > this.#bytes) return -1;
    const at = this.#end;
    this.#end += bytes;
    return at;
  }

  #free({ at, bytes }: Hole): void {
    const holes = this.#holes;
    let index = holes.findIndex((hole) => hole.at > at);
    if (index < 0) index = holes.length;
    holes.splice(index, 0, { at, bytes });
    this.#join(index);
    this.#join(index - 1);
    const last = holes.at(-1);
    if (last !== undefined && last.at + last.bytes === this.#end) {
      this.#end = last.at;
      holes.pop();
    }
  }

  /** Joins a hole with the one behind it, where they touch. */
  #join(index: number): void {
    const [hole, next] = [this.#holes[index], this.#holes[index + 1]];
    if (hole === undefined || next === undefined || hole.at + hole.bytes !== next.at) return;
    hole.bytes += next.bytes;
    this.#holes.splice(index + 1, 1);
  }
}
