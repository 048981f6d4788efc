import { FLAVOURS } from "../list-format/mod.ts";
import {
  BLOCK_NAMES,
  LONG_REST,
  LONG_SET,
  PAGE_BYTES,
  PAGE_FILTER,
  PAGE_HEADER,
  PAGE_NAMES,
  PAGE_SETS,
  RANK_SHIFT,
} from "./layout.ts";
import { addByte, FILTER_SALT, mix } from "./name-hash.ts";
import type { NameHeap } from "./name-heap.ts";
import { SetTable } from "./set-table.ts";

const FILTER_BITS_PER_NAME = 11;
/** Most filter words that a hash of 16 bits reaches. */
const MAX_FILTER_WORDS = 0xffff;
/** Bytes of a name that are not its letters: shared letters, length, set, each in its longest form. */
const MAX_NUMBERS = 6;

/** Says whether an entry is switched off by `$badfilter`: asked only for those whose hash it knows. */
export interface DisabledEntries {
  hasHash(hash: number): boolean;
  has(reversed: Uint8Array, from: number, length: number, flags: number): boolean;
}

/** Makes the bytes of a page from sorted names. It reuses its memory. */
export class PageEncoder {
  #out = new Uint32Array(4096);
  #text = new Uint8Array(new ArrayBuffer(1 << 15));
  #blocks = new Uint32Array(256);
  #hashes = new Int32Array(4096);
  readonly #sets = new SetTable();
  readonly #masks = new Int32Array(FLAVOURS);
  /** Whether any list is in the masks. */
  #hasLists = false;
  readonly #seed: number;
  /** Names of the last page. */
  names = 0;
  disabled: DisabledEntries | undefined;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Returns a page of the first `count` names that `heap` gathered and sorted. The words are borrowed until the next call. */
  encode(heap: NameHeap, count: number): Uint32Array {
    const textBytes = this.#writeNames(heap, count);
    const filterWords = Math.min(MAX_FILTER_WORDS, Math.ceil((this.names * FILTER_BITS_PER_NAME) / 32));
    const blocks = Math.ceil(this.names / BLOCK_NAMES);
    const isWide = textBytes > 0xffff;
    const sets = this.#sets.length;
    const blocksAt = PAGE_HEADER + filterWords + sets * 2;
    const textAt = blocksAt + (isWide ? blocks : Math.ceil(blocks / 2));
    const words = textAt + Math.ceil(textBytes / 4);
    if (this.#out.length < words) this.#out = new Uint32Array(words * 2);
    const out = this.#out;
    out[PAGE_NAMES] = this.names;
    out[PAGE_FILTER] = filterWords;
    out[PAGE_SETS] = sets | (this.#sets.highestRank << RANK_SHIFT) | (isWide ? 0x80000000 : 0);
    out[PAGE_BYTES] = words * 4;
    this.#writeFilter(out, filterWords);
    out.set(this.#sets.words.subarray(0, sets * 2), PAGE_HEADER + filterWords);
    const offsets = isWide ? out.subarray(blocksAt) : new Uint16Array(out.buffer, blocksAt * 4);
    offsets.set(this.#blocks.subarray(0, blocks));
    new Uint8Array(out.buffer, textAt * 4).set(this.#text.subarray(0, textBytes));
    return out.subarray(0, words);
  }

  #writeFilter(out: Uint32Array, words: number): void {
    out.fill(0, PAGE_HEADER, PAGE_HEADER + words);
    for (let index = 0; index < this.names; index++) {
      const hash = mix(this.#hashes[index]! ^ FILTER_SALT);
      const word = Math.imul(hash >>> 16, words) >>> 16;
      out[PAGE_HEADER + word]! |= (1 << (hash & 31)) | (1 << ((hash >>> 5) & 31)) | (1 << ((hash >>> 10) & 31));
    }
  }

  /** Writes names in blocks, and notes the hash of each. @returns the bytes of all blocks */
  #writeNames(heap: NameHeap, count: number): number {
    this.#sets.clear();
    const bytes = heap.bytes;
    let names = 0;
    let at = 0;
    let previous = 0;
    let previousLength = 0;
    let previousSet = -1;
    for (let index = 0; index < count; ) {
      const text = heap.text(index);
      const length = heap.nameLength(index);
      const hash = hashOf(bytes, text, length, this.#seed);
      index = this.#readMasks(heap, index, count, hash);
      if (!this.#hasLists) continue;
      this.#reserve(names, at + length + MAX_NUMBERS);
      this.#hashes[names] = hash;
      const set = this.#sets.numberOf(this.#masks);
      const isFirst = names % BLOCK_NAMES === 0;
      let shared = 0;
      if (isFirst) this.#blocks[names / BLOCK_NAMES] = at;
      else {
        const most = previousLength < length ? previousLength : length;
        while (shared < most && bytes[previous + shared] === bytes[text + shared]) shared += 1;
        this.#text[at++] = shared;
      }
      at = this.#writeRest(at, length - shared, isFirst || set !== previousSet ? set : -1);
      for (let source = shared; source < length; source++) this.#text[at++] = bytes[text + source]!;
      previous = text;
      previousLength = length;
      previousSet = set;
      names += 1;
    }
    this.names = names;
    return at;
  }

  /** Writes the length of a name's rest, and its set unless that is -1. */
  #writeRest(from: number, length: number, set: number): number {
    const text = this.#text;
    const hasSet = set < 0 ? 0 : 1;
    let at = from;
    text[at++] = ((length < LONG_REST ? length : LONG_REST) << 1) | hasSet;
    if (length >= LONG_REST) text[at++] = length;
    if (hasSet === 0) return at;
    text[at++] = set < LONG_SET ? set : LONG_SET;
    if (set >= LONG_SET) {
      text[at++] = set & 0xff;
      text[at++] = set >>> 8;
    }
    return at;
  }

  /** Puts together what all lists say about one name. @returns the index of the next name */
  #readMasks(heap: NameHeap, from: number, count: number, hash: number): number {
    const masks = this.#masks;
    masks.fill(0);
    this.#hasLists = false;
    const isSuspect = this.disabled?.hasHash(hash) ?? false;
    let index = from;
    do {
      const flags = heap.flags(index);
      const isOff = isSuspect && this.disabled!.has(heap.bytes, heap.text(index), heap.nameLength(index), flags);
      if (!isOff) {
        masks[flags]! |= 1 << heap.list(index);
        this.#hasLists = true;
      }
      index += 1;
    } while (index < count && heap.isSame(from, index));
    return index;
  }

  #reserve(names: number, textBytes: number): void {
    if (this.#hashes.length <= names) {
      const hashes = new Int32Array(names * 2);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    const block = Math.floor(names / BLOCK_NAMES);
    if (this.#blocks.length <= block) {
      const blocks = new Uint32Array(block * 2);
      blocks.set(this.#blocks);
      this.#blocks = blocks;
    }
    if (this.#text.length < textBytes) {
      const text = new Uint8Array(new ArrayBuffer(textBytes * 2));
      text.set(this.#text);
      this.#text = text;
    }
  }
}

/** Returns the hash of a name with its letters in reverse. */
export function hashOf(reversed: Uint8Array, from: number, length: number, seed: number): number {
  let hash = seed;
  for (let at = from; at < from + length; at++) hash = addByte(hash, reversed[at]!);
  return hash;
}
