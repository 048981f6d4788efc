import { Count, type CountRows } from "../counts.ts";

/** What a lane tells of itself: bytes since it was made, and connections that would move more. */
export interface Appetite {
  readonly modestBytes: number;
  readonly spilledBytes: number;
  readonly hungry: number;
}

/** The three places of a row, from `Count.readPortion` or `Count.writePortion` on. */
const MODEST = 0;
const HUNGRY = 1;
const SPILLED = 2;

/** So much of what a tick shows goes into what is known: one tick is chance, and half a second later all is known. */
const NEWS = 0.25;
/** So much of what one hungry connection gets is divided by open connections, that who begins to speak need not wait. */
const RESERVE = 0.05;
/** Fewer hungry ones than this are a memory. */
const HARDLY_ANY = 0.01;
/** A loop without connections does not tick. */
const LONG_MS = 500;

/**
 * Which part of a rate in all is one event loop's. Loops tell each other in memory that all share, each in its own row, and
 * each takes its part by the same sum:
 *
 * ```text
 *   rate in all = what those use that have enough  +  the rest, the same for each that wants more
 *                 (modest, bytes a second)            (hungry, connections)
 * ```
 *
 * So connections get the same on whichever loop they are, and a loop whose own say little leaves its part to the others
 * within a few ticks. What a loop could not use in time all the same, those of the hungry take at their next tick.
 */
export class Portion {
  readonly #rows: CountRows;
  readonly #worker: number;
  readonly #place: number;
  readonly #own: Float64Array;
  #modestBefore = 0;
  #spilledBefore = 0;
  #spillSeen = 0;

  /** @param place where its three places begin in a row */
  constructor(rows: CountRows, worker: number, place: number) {
    this.#rows = rows;
    this.#worker = worker;
    this.#place = place;
    this.#own = rows.row(worker);
  }

  /** Of `totalPerSecond` bytes a second; all portions together are about the whole, at each moment. */
  of(totalPerSecond: number): number {
    const rows = this.#rows;
    if (rows.rows === 1 || totalPerSecond === 0) return totalPerSecond;
    const place = this.#place;
    const active = rows.sum(Count.active);
    const modest = this.#told(MODEST);
    const hungry = this.#told(HUNGRY);
    const byOpen = rows.shareOfActive(this.#worker);
    const weight = (this.#own[place + HUNGRY]! + RESERVE * byOpen) / (hungry + RESERVE);
    // Who is hungry gets the same as all at least: that those others are content is only since they have what they have.
    const least = totalPerSecond * Math.min(1, Math.max(RESERVE, hungry / Math.max(1, active)));
    const rest = Math.max(totalPerSecond - modest, least);
    const ownModest = modest > 0 ? (this.#own[place + MODEST]! / modest) * (totalPerSecond - rest) : 0;
    return ownModest + rest * Math.min(1, weight);
  }

  /** What others could not use since the last call, as far as it is for this loop, in bytes. */
  gift(mostBytes: number): number {
    const rows = this.#rows;
    if (rows.rows === 1) return 0;
    const ownHungry = this.#own[this.#place + HUNGRY]!;
    const spilled = rows.sum(this.#place + SPILLED) - this.#own[this.#place + SPILLED]!;
    const bytes = spilled - this.#spillSeen;
    this.#spillSeen = spilled;
    if (ownHungry < HARDLY_ANY) return 0;
    return Math.min(mostBytes, Math.max(0, bytes) * Math.min(1, ownHungry / this.#told(HUNGRY)));
  }

  /** Over all loops with connections: without them no clock ticks there, and what it told is old. */
  #told(what: number): number {
    const { all, rows } = this.#rows;
    let sum = 0;
    for (let base = 0; base < all.length; base += all.length / rows) {
      if (all[base + Count.active]! > 0) sum += all[base + this.#place + what]!;
    }
    return sum;
  }

  /** Tells the others what a tick showed that came `ms` after the one before. */
  tell({ modestBytes, spilledBytes, hungry }: Appetite, ms: number): void {
    if (this.#rows.rows === 1 || ms <= 0) return;
    const [own, place] = [this.#own, this.#place];
    const perSecond = ((modestBytes - this.#modestBefore) * 1000) / ms;
    own[place + MODEST]! += (perSecond - own[place + MODEST]!) * NEWS;
    own[place + HUNGRY]! += (hungry - own[place + HUNGRY]!) * NEWS;
    // While it had no connections, others had its part already.
    if (own[Count.active]! > 0 && ms <= LONG_MS) own[place + SPILLED]! += spilledBytes - this.#spilledBefore;
    this.#modestBefore = modestBytes;
    this.#spilledBefore = spilledBytes;
  }
}
