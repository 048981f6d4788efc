import type { CurrentQuery } from "./query-source.ts";

/** States of an ID; 0 is one that was not used. */
const AWAITED = 1;
const ANSWERED = 2;
const GIVEN_UP = 3;

const LEAST = 256;
const MOST = 65_536;
/** IDs for each query that may await its answer: how long an answered one is remembered, to know duplicates and late answers. */
const SPARE = 4;

/** Queries of one connection that may await answers: a quarter of all IDs, so that a free one is always near. */
export const MAX_OUTSTANDING = MOST / SPARE;

/** What an ID is. */
export type IdState = "awaited" | "answered" | "given-up" | "unknown";
const STATES: readonly IdState[] = ["unknown", "awaited", "answered", "given-up"];

/**
 * The queries of one connection that await their answers, by ID. Columns, not objects: 22 bytes a query and no allocation.
 *
 * ```text
 *   id 7 ─► row 7 % rows: id, state, query, serial, file       order: ids awaited, the oldest first
 * ```
 *
 * IDs are given in turn, so that one is used again only when all others of 16 bits were, and a late answer is not taken for another's.
 */
export class Outstanding {
  readonly #mask: number;
  readonly #ids: Uint16Array;
  readonly #states: Uint8Array;
  readonly #queries: Uint32Array;
  readonly #files: Uint8Array;
  readonly #serials: Float64Array;
  readonly #marks: Uint32Array;
  /** A ring. */
  readonly #order: Uint16Array;
  #head = 0;
  #count = 0;
  #next = 0;

  /** @param most queries that await answers at a time, `MAX_OUTSTANDING` at most; @param firstId where the IDs begin */
  constructor(most: number, firstId = 0) {
    const rows = Math.min(MOST, Math.max(LEAST, 2 ** Math.ceil(Math.log2(most * SPARE))));
    this.#mask = rows - 1;
    this.#ids = new Uint16Array(rows);
    this.#states = new Uint8Array(rows);
    this.#queries = new Uint32Array(rows);
    this.#files = new Uint8Array(rows);
    this.#serials = new Float64Array(rows);
    this.#marks = new Uint32Array(rows);
    this.#order = new Uint16Array(rows);
    this.#next = firstId & 0xffff;
  }

  get count(): number {
    return this.#count;
  }

  /** Returns the ID of a query that is sent now. @param mark any number, kept with it */
  add({ query, serial, file }: Readonly<CurrentQuery>, mark: number): number {
    let id = this.#next;
    while (this.#states[id & this.#mask] === AWAITED) id = (id + 1) & 0xffff;
    this.#next = (id + 1) & 0xffff;
    const row = id & this.#mask;
    this.#ids[row] = id;
    this.#states[row] = AWAITED;
    this.#queries[row] = query;
    this.#serials[row] = serial;
    this.#files[row] = file;
    this.#marks[row] = mark;
    this.#order[(this.#head + this.#count) & this.#mask] = id;
    this.#count += 1;
    return id;
  }

  stateOf(id: number): IdState {
    const row = id & this.#mask;
    return this.#ids[row] === id ? STATES[this.#states[row]!]! : "unknown";
  }

  isAwaited(id: number): boolean {
    const row = id & this.#mask;
    return this.#states[row] === AWAITED && this.#ids[row] === id;
  }

  queryOf(id: number): number {
    return this.#queries[id & this.#mask]!;
  }

  serialOf(id: number): number {
    return this.#serials[id & this.#mask]!;
  }

  fileOf(id: number): number {
    return this.#files[id & this.#mask]!;
  }

  markOf(id: number): number {
    return this.#marks[id & this.#mask]!;
  }

  /** The one that has waited longest; -1 = none waits. */
  get oldest(): number {
    return this.#count === 0 ? -1 : this.#order[this.#head]!;
  }

  /** It is answered. @returns its position among those that waited, 0 = the oldest; takes as many steps, or as there are younger ones */
  answered(id: number): number {
    return this.#take(id, ANSWERED);
  }

  /** Its answer is not awaited any more. @returns its position */
  givenUp(id: number): number {
    return this.#take(id, GIVEN_UP);
  }

  #take(id: number, state: number): number {
    const mask = this.#mask;
    const order = this.#order;
    this.#states[id & mask] = state;
    const position = this.#positionOf(id);
    const last = this.#count - 1;
    // The fewer of the older ones move up, or of the younger ones down.
    if (position <= last - position) {
      for (let at = this.#head + position; at > this.#head; at--) order[at & mask] = order[(at - 1) & mask]!;
      this.#head = (this.#head + 1) & mask;
    } else {
      for (let at = this.#head + position; at < this.#head + last; at++) order[at & mask] = order[(at + 1) & mask]!;
    }
    this.#count = last;
    return position;
  }

  /** Answers come nearly in order; but where some never come, theirs are the oldest queries, and the others are near the youngest. */
  #positionOf(id: number): number {
    const mask = this.#mask;
    const order = this.#order;
    for (let position = 0, last = this.#count - 1; ; position++, last--) {
      if (order[(this.#head + position) & mask] === id) return position;
      if (order[(this.#head + last) & mask] === id) return last;
    }
  }
}
