/** Slots of a connection with few streams; a power of two, as every later size. */
const FIRST_SLOTS = 16;

/**
 * Streams by identifier: a hash table with linear probing, at most half full.
 *
 * Streams come and go with each request. A `Map` makes a new table every few hundred of them, and an old table refers to its
 * streams and to the next table: those that outlived a collection kept each stream since then alive, 1.5 KB a proxied request,
 * until a collection of the whole heap. The slots of this table are made again only when it grows.
 *
 * ```text
 *   slots    [ 17 │ 1 │ 33 │    │ 7 │ … ]     17 and 33 want the slot of 1: the next free one is theirs
 * ```
 */
export class StreamTable<Stream extends { readonly id: number }> {
  #slots: (Stream | undefined)[] = new Array<Stream | undefined>(FIRST_SLOTS).fill(undefined);
  size = 0;

  get(id: number): Stream | undefined {
    return this.#slots[this.#find(id)];
  }

  /** Adds a stream whose identifier is not in the table. */
  add(stream: Stream): void {
    if (2 * (this.size + 1) > this.#slots.length) this.#grow();
    this.#slots[this.#find(stream.id)] = stream;
    this.size += 1;
  }

  /** @returns whether it was there */
  delete(id: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let free = this.#find(id);
    if (slots[free] === undefined) return false;
    // Those behind that were put off by this one move up, so that a search may end at the first free slot.
    for (let at = (free + 1) & mask; slots[at] !== undefined; at = (at + 1) & mask) {
      const home = (slots[at]!.id >>> 1) & mask;
      if (((at - home) & mask) < ((at - free) & mask)) continue;
      slots[free] = slots[at];
      free = at;
    }
    slots[free] = undefined;
    this.size -= 1;
    return true;
  }

  /** Returns the streams as they are now, in no order: the table may change meanwhile. */
  all(): Stream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.size = 0;
  }

  /** Returns the slot of a stream, or the free one where it would be. */
  #find(id: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    // All identifiers of one side are odd, or even (RFC 9113 §5.1.1).
    let at = (id >>> 1) & mask;
    for (let stream = slots[at]; stream !== undefined && stream.id !== id; stream = slots[at]) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const streams = this.all();
    this.#slots = new Array<Stream | undefined>(2 * this.#slots.length).fill(undefined);
    for (const stream of streams) this.#slots[this.#find(stream.id)] = stream;
  }
}
