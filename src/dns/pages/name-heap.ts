import { FOLDED, SEPARATOR } from "./name-hash.ts";

/** Where the fields of an entry are, from its start: the entry before it of the same page, and what it is. */
const FLAGS = 4;
const LIST = 5;
const LENGTH = 6;
const TEXT = 7;
const NONE = -1;
/** Below this, an insertion sort is faster. */
const SMALL = 12;

/**
 * Names on their way into pages: a heap of entries, each with its letters in reverse, chained by page. It keeps its memory, so
 * that building again needs no more than building once.
 */
export class NameHeap {
  #bytes: Uint8Array;
  #top = 0;
  #heads = new Int32Array(0);
  #counts = new Uint32Array(0);
  /** Entries of the page that was gathered. */
  #order = new Uint32Array(0);

  constructor(bytes: number) {
    this.#bytes = new Uint8Array(new ArrayBuffer(bytes));
  }

  /** Forgets all entries, and expects those of `pages` pages. */
  begin(pages: number): void {
    this.#top = 0;
    if (this.#heads.length < pages) {
      this.#heads = new Int32Array(pages);
      this.#counts = new Uint32Array(pages);
    }
    this.#heads.fill(NONE);
    this.#counts.fill(0);
  }

  /** Adds a name as it stands in a list. */
  add(page: number, bytes: Uint8Array, from: number, to: number, flags: number, list: number): void {
    const heap = this.#entry(page, to - from, flags, list);
    let at = this.#top - (to - from);
    for (let source = to - 1; source >= from; source--) {
      const byte = bytes[source]!;
      heap[at++] = byte === SEPARATOR ? SEPARATOR : FOLDED[byte]!;
    }
  }

  /** Adds a name whose letters are in reverse already. */
  addReversed(page: number, reversed: Uint8Array, length: number, flags: number, list: number): void {
    const heap = this.#entry(page, length, flags, list);
    const to = this.#top - length;
    for (let at = 0; at < length; at++) heap[to + at] = reversed[at]!;
  }

  #entry(page: number, length: number, flags: number, list: number): Uint8Array {
    const at = this.#top;
    const end = at + TEXT + length;
    if (end > this.#bytes.length) this.#grow(end);
    const heap = this.#bytes;
    const previous = this.#heads[page]!;
    heap[at] = previous & 0xff;
    heap[at + 1] = (previous >>> 8) & 0xff;
    heap[at + 2] = (previous >>> 16) & 0xff;
    heap[at + 3] = previous >>> 24;
    heap[at + FLAGS] = flags;
    heap[at + LIST] = list;
    heap[at + LENGTH] = length;
    this.#heads[page] = at;
    this.#counts[page]! += 1;
    this.#top = end;
    return heap;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(new ArrayBuffer(Math.max(needed, this.#bytes.length + (this.#bytes.length >> 1))));
    larger.set(this.#bytes.subarray(0, this.#top));
    this.#bytes = larger;
  }

  /** Collects the entries of a page in the order they were added. @returns how many there are */
  gather(page: number): number {
    const count = this.#counts[page]!;
    if (this.#order.length < count) this.#order = new Uint32Array(count + (count >> 1));
    const heap = this.#bytes;
    let at = this.#heads[page]!;
    for (let index = count - 1; index >= 0; index--) {
      this.#order[index] = at;
      at = heap[at]! | (heap[at + 1]! << 8) | (heap[at + 2]! << 16) | (heap[at + 3]! << 24);
    }
    return count;
  }

  flags(index: number): number {
    return this.#bytes[this.#order[index]! + FLAGS]!;
  }

  list(index: number): number {
    return this.#bytes[this.#order[index]! + LIST]!;
  }

  nameLength(index: number): number {
    return this.#bytes[this.#order[index]! + LENGTH]!;
  }

  /** Returns where in `bytes` the letters of an entry are. */
  text(index: number): number {
    return this.#order[index]! + TEXT;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether two entries have the same name. */
  isSame(one: number, other: number): boolean {
    const heap = this.#bytes;
    const first = this.#order[one]!;
    const second = this.#order[other]!;
    const length = heap[first + LENGTH]!;
    if (length !== heap[second + LENGTH]) return false;
    for (let at = TEXT + length - 1; at >= TEXT; at--) if (heap[first + at] !== heap[second + at]) return false;
    return true;
  }

  /** Sorts the gathered entries by their letters: multikey quicksort, which looks at no letter twice. */
  sort(count: number): void {
    this.#sort(0, count, 0);
  }

  #sort(from: number, to: number, fromDepth: number): void {
    const heap = this.#bytes;
    const order = this.#order;
    let low = from;
    let high = to;
    let depth = fromDepth;
    while (high - low > SMALL) {
      const pivot = median(
        letter(heap, order[low]!, depth),
        letter(heap, order[(low + high) >> 1]!, depth),
        letter(heap, order[high - 1]!, depth),
      );
      let less = low;
      let at = low;
      let greater = high;
      while (at < greater) {
        const entry = order[at]!;
        const value = letter(heap, entry, depth);
        if (value < pivot) {
          order[at++] = order[less]!;
          order[less++] = entry;
        } else if (value > pivot) {
          order[at] = order[--greater]!;
          order[greater] = entry;
        } else at += 1;
      }
      this.#sort(low, less, depth);
      this.#sort(greater, high, depth);
      // Those with the pivot's letter go on here, so that a long common start costs no stack.
      if (pivot < 0) return;
      low = less;
      high = greater;
      depth += 1;
    }
    this.#insertionSort(low, high, depth);
  }

  #insertionSort(from: number, to: number, depth: number): void {
    const heap = this.#bytes;
    const order = this.#order;
    for (let at = from + 1; at < to; at++) {
      const entry = order[at]!;
      let hole = at;
      while (hole > from && isLess(heap, entry, order[hole - 1]!, depth)) {
        order[hole] = order[hole - 1]!;
        hole -= 1;
      }
      order[hole] = entry;
    }
  }
}

/** Returns the letter of an entry at a depth, -1 behind its last one. */
function letter(heap: Uint8Array, entry: number, depth: number): number {
  return depth < heap[entry + LENGTH]! ? heap[entry + TEXT + depth]! : NONE;
}

function median(one: number, two: number, three: number): number {
  if (one < two) return two < three ? two : one < three ? three : one;
  return one < three ? one : two < three ? three : two;
}

function isLess(heap: Uint8Array, one: number, other: number, depth: number): boolean {
  const length = heap[one + LENGTH]!;
  const otherLength = heap[other + LENGTH]!;
  const shared = length < otherLength ? length : otherLength;
  for (let at = depth; at < shared; at++) {
    const difference = heap[one + TEXT + at]! - heap[other + TEXT + at]!;
    if (difference !== 0) return difference < 0;
  }
  return length < otherLength;
}
