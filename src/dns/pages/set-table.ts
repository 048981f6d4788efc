import { FLAVOURS } from "../list-format/mod.ts";
import { MORE } from "./layout.ts";

/** The sets of a page, each kept once. A set is one record or several: a mask of lists and the flags that they give a name. */
export class SetTable {
  /** Pairs of mask and flags. */
  #records = new Int32Array(256);
  /** Record + 1 by hash, 0 where free. */
  #slots = new Uint16Array(1024);
  #count = 0;
  /** Of all entries: 3 for one that allows and is important. */
  highestRank = 0;

  clear(): void {
    this.#count = 0;
    this.highestRank = 0;
    this.#slots.fill(0);
  }

  /** Number of records. */
  get length(): number {
    return this.#count;
  }

  get words(): Int32Array {
    return this.#records;
  }

  /** Returns the number of the set with these masks, by flags. */
  numberOf(masks: Int32Array): number {
    let hash = 0;
    for (let flags = 0; flags < FLAVOURS; flags++) hash = Math.imul(hash ^ masks[flags]!, 0x9e3779b1) ^ (hash >>> 15);
    const last = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 16)) & last;
    for (;;) {
      const found = this.#slots[slot]!;
      if (found === 0) break;
      if (this.#isEqual(found - 1, masks)) return found - 1;
      slot = (slot + 1) & last;
    }
    const added = this.#add(masks);
    this.#slots[slot] = added + 1;
    if (this.#count * 2 > this.#slots.length) this.#grow();
    return added;
  }

  #isEqual(first: number, masks: Int32Array): boolean {
    let record = first;
    for (let flags = 0; flags < FLAVOURS; flags++) {
      const mask = masks[flags]!;
      if (mask === 0) continue;
      if (this.#records[record * 2] !== mask || (this.#records[record * 2 + 1]! & ~MORE) !== flags) return false;
      const isLast = (this.#records[record * 2 + 1]! & MORE) === 0;
      record += 1;
      if (!isLast) continue;
      for (let other = flags + 1; other < FLAVOURS; other++) if (masks[other] !== 0) return false;
      return true;
    }
    return false;
  }

  #add(masks: Int32Array): number {
    if ((this.#count + FLAVOURS) * 2 > this.#records.length) {
      const larger = new Int32Array(this.#records.length * 2);
      larger.set(this.#records);
      this.#records = larger;
    }
    const first = this.#count;
    for (let flags = 0; flags < FLAVOURS; flags++) {
      if (masks[flags] === 0) continue;
      this.#records[this.#count * 2] = masks[flags]!;
      this.#records[this.#count * 2 + 1] = flags | MORE;
      if (flags >> 1 > this.highestRank) this.highestRank = flags >> 1;
      this.#count += 1;
    }
    this.#records[this.#count * 2 - 1]! &= ~MORE;
    return first;
  }

  /** Makes room in the hash table. Sets are found again by their records. */
  #grow(): void {
    const slots = new Uint16Array(this.#slots.length * 2);
    const last = slots.length - 1;
    const masks = new Int32Array(FLAVOURS);
    for (let first = 0; first < this.#count; ) {
      const number = first;
      masks.fill(0);
      let flags: number;
      do {
        flags = this.#records[first * 2 + 1]!;
        masks[flags & ~MORE] = this.#records[first * 2]!;
        first += 1;
      } while ((flags & MORE) !== 0);
      let hash = 0;
      for (let each = 0; each < FLAVOURS; each++) hash = Math.imul(hash ^ masks[each]!, 0x9e3779b1) ^ (hash >>> 15);
      let slot = (hash ^ (hash >>> 16)) & last;
      while (slots[slot] !== 0) slot = (slot + 1) & last;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}
