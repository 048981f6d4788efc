import { sameNames } from "./compressed-name.ts";
import { LOWER, MAX_LABELS } from "./name.ts";

/** Names that may be pointed at. More are written, but not found again: the work for a message stays small. */
const MAX_ENTRIES = 128;
const SLOTS = 256;
/** A pointer has 14 bits. */
const MAX_OFFSET = 0x3fff;

/**
 * Writes names with pointers to what the message has already (RFC 1035 §4.1.4): for each end of a name there is an entry in a hash table of
 * fixed size.
 */
export class NameCompressor {
  /** Offsets in the message, which are never 0. */
  readonly #slots = new Uint16Array(SLOTS);
  readonly #starts = new Uint8Array(MAX_LABELS + 1);
  readonly #hashes = new Uint32Array(MAX_LABELS + 1);
  #entries = 0;

  clear(): void {
    if (this.#entries === 0) return;
    this.#slots.fill(0);
    this.#entries = 0;
  }

  /**
   * Writes a valid name that is not compressed.
   *
   * @param from where the message begins in `out`
   * @returns the offset after it; -1 where it does not fit before `to`
   */
  write(name: Uint8Array, nameAt: number, out: Uint8Array, from: number, at: number, to: number): number {
    const labels = this.#measure(name, nameAt);
    const offset = at - from;
    for (let label = 0; label < labels; label++) {
      const start = nameAt + this.#starts[label]!;
      const hash = this.#hashes[label]!;
      const found = this.#find(hash, name, start, out, from, offset);
      if (found > 0) {
        if (to - at < 2) return -1;
        out[at] = 0xc0 | (found >> 8);
        out[at + 1] = found;
        return at + 2;
      }
      const length = name[start]! + 1;
      // The root, or a pointer, is still to come.
      if (to - at < length + 1) return -1;
      this.#add(hash, at - from);
      for (let index = 0; index < length; index++) out[at + index] = name[start + index]!;
      at += length;
    }
    if (at >= to) return -1;
    out[at] = 0;
    return at + 1;
  }

  /** Makes the ends of a name known that is in the message without compression, such as a copied question's. */
  learn(out: Uint8Array, from: number, nameAt: number): void {
    const labels = this.#measure(out, nameAt);
    for (let label = 0; label < labels; label++) this.#add(this.#hashes[label]!, nameAt + this.#starts[label]! - from);
  }

  /** Finds the labels of a name, and hashes what begins with each. */
  #measure(name: Uint8Array, at: number): number {
    const starts = this.#starts;
    const hashes = this.#hashes;
    let labels = 0;
    for (let place = at; name[place] !== 0; place += name[place]! + 1) starts[labels++] = place - at;
    let hash = 0;
    for (let label = labels - 1; label >= 0; label--) {
      const start = at + starts[label]!;
      const end = start + name[start]!;
      for (let place = start; place <= end; place++)
        hash = Math.imul(hash ^ LOWER[name[place]!]!, 0x01000193) ^ (hash >>> 15);
      hashes[label] = hash;
    }
    return labels;
  }

  /** @param end offset of the name that is being written, whose own ends are not complete yet */
  #find(hash: number, name: Uint8Array, at: number, out: Uint8Array, from: number, end: number): number {
    const slots = this.#slots;
    for (let slot = slotOf(hash), left = SLOTS; left > 0; slot = (slot + 1) & (SLOTS - 1), left--) {
      const offset = slots[slot]!;
      if (offset === 0) return 0;
      if (offset < end && sameNames(out, from, from + offset, name, 0, at)) return offset;
    }
    return 0;
  }

  #add(hash: number, offset: number): void {
    if (this.#entries === MAX_ENTRIES || offset > MAX_OFFSET) return;
    this.#entries += 1;
    let slot = slotOf(hash);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    this.#slots[slot] = offset;
  }
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}
