/** Numbers of an entry: start of its line, bytes of its name, bytes of its value, id of the name. */
export const ENTRY = 4;
/** What an entry counts beside its name and value (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;
/** `: ` and the end of line. */
export const LINE_EXTRA_BYTES = 4;

const NOTHING = new Uint8Array(0);
const FIRST_LINE_BYTES = 512;
const FIRST_ENTRIES = 16;

/**
 * HPACK's dynamic table (RFC 7541 §2.3.2), whose entries are kept as ready lines `name: value\r\n`.
 *
 * ```text
 *   lines     ......│oldest│ ... │newest│......      entries go in on the right and leave on the left;
 *                   └ start             └ end        at the end of the block all lines move to its front
 *   entries   a ring of four numbers each
 * ```
 *
 * It holds no memory before the first entry, and at most about three times the size it may have.
 */
export class LineTable {
  /** The lines; replaced when it grows. */
  lines = NOTHING;
  /** The ring of {@link ENTRY} numbers each; replaced when it grows. */
  entries = new Int32Array(0);
  #maxBytes: number;
  #bytes = 0;
  #start = 0;
  #end = 0;
  #count = 0;
  /** Entries ever added: where the next one goes in the ring. */
  #added = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Size of all entries as RFC 7541 §4.1 counts them. */
  get bytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Evicts entries until the rest fits (§4.3). */
  set maxBytes(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#evict(0);
  }

  /** Returns where the numbers of an entry begin in `entries`, or -1. @param index 0 is the newest */
  slot(index: number): number {
    if (index >= this.#count) return -1;
    return ((this.#added - 1 - index) & (this.entries.length / ENTRY - 1)) * ENTRY;
  }

  /**
   * Adds the line at `source[start]`. One that is larger than the table empties it, which is no error (§4.4).
   *
   * @returns its slot, or -1 where it does not fit
   */
  add(source: Uint8Array, start: number, nameBytes: number, valueBytes: number, id: number): number {
    const bytes = nameBytes + valueBytes + ENTRY_OVERHEAD_BYTES;
    this.#evict(bytes);
    if (bytes > this.#maxBytes) return -1;
    const length = nameBytes + valueBytes + LINE_EXTRA_BYTES;
    if (this.#end + length > this.lines.length) this.#makeRoom(length);
    if (this.#count * ENTRY === this.entries.length) this.#growRing();
    const slot = (this.#added & (this.entries.length / ENTRY - 1)) * ENTRY;
    const { entries, lines } = this;
    entries[slot] = this.#end;
    entries[slot + 1] = nameBytes;
    entries[slot + 2] = valueBytes;
    entries[slot + 3] = id;
    for (let index = 0; index < length; index++) lines[this.#end + index] = source[start + index]!;
    this.#end += length;
    this.#bytes += bytes;
    this.#count += 1;
    this.#added += 1;
    return slot;
  }

  #evict(forBytes: number): void {
    while (this.#count > 0 && this.#bytes + forBytes > this.#maxBytes) {
      const slot = this.slot(this.#count - 1);
      const length = this.entries[slot + 1]! + this.entries[slot + 2]!;
      this.#bytes -= length + ENTRY_OVERHEAD_BYTES;
      this.#start += length + LINE_EXTRA_BYTES;
      this.#count -= 1;
    }
    if (this.#count === 0) this.#start = this.#end = 0;
  }

  /** Moves all lines to the front, of a larger block where they fill half of this one: each byte is moved about once. */
  #makeRoom(length: number): void {
    const live = this.#end - this.#start;
    let capacity = Math.max(this.lines.length, FIRST_LINE_BYTES);
    while (capacity < 2 * (live + length)) capacity *= 2;
    const lines = capacity === this.lines.length ? this.lines : new Uint8Array(capacity);
    lines.set(this.lines.subarray(this.#start, this.#end));
    this.lines = lines;
    for (let index = 0; index < this.#count; index++) this.entries[this.slot(index)]! -= this.#start;
    this.#start = 0;
    this.#end = live;
  }

  #growRing(): void {
    const before = this.entries;
    const capacity = before.length / ENTRY;
    const entries = new Int32Array(Math.max(FIRST_ENTRIES * ENTRY, before.length * 2));
    const mask = entries.length / ENTRY - 1;
    for (let age = 1; age <= this.#count; age++) {
      const from = ((this.#added - age) & (capacity - 1)) * ENTRY;
      entries.set(before.subarray(from, from + ENTRY), ((this.#added - age) & mask) * ENTRY);
    }
    this.entries = entries;
  }
}
