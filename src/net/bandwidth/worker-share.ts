import { Count, type CountRows } from "../counts.ts";

/** The most that is saved up while nothing moves: two ticks' worth, so that a late tick loses nothing. */
export const BURST_MS = 100;
/** The part of a burst that is left to connections that do not wait, on workers where none is backlogged. */
const FLOAT_PART = 1 / 8;
/** In so much time backlogged connections use up what is unspent beyond half a burst, or save up what is missing. */
const BALANCE_MS = 1000;

/** A worker that has not ticked for so long claims nothing. */
const STALE_MS = 250;

/** Places in a worker's row, from `Count.readShare` or `Count.writeShare` on. */
const BALANCE = 0;
const BACKLOGGED = 1;
const DEMAND = 2;
/** The shared clock when the worker last ticked. */
const TICKED = 3;
/** Only in the first row: milliseconds, as a 32-bit integer that may wrap. */
const CLOCK = 4;

/**
 * One worker's access to the bucket that holds a total rate, which all workers of a listener fill and claim from once a tick.
 *
 * ```text
 *   rate × time ─► unspent = sum of balances ─┬─► waiting connections: each at most level × time
 *                  (at most one burst)        └─► float: connections that do not wait
 *
 *   level = (rate - demand of those that get all they want) / number of backlogged connections
 * ```
 *
 * The level is the same on each worker, so connections get the same wherever they are. Bytes that a worker leaves stay in the
 * bucket. Each worker writes its own row; only the clock is shared, and is moved by one compare-and-exchange.
 */
export class WorkerShare {
  readonly #rows: CountRows;
  readonly #own: Float64Array;
  readonly #place: number;
  readonly #clock: Int32Array;
  readonly #isAlone: boolean;
  /** The threads' clocks start at different times: the shared one minus ours. */
  #clockOffsetMs = 0;
  #perSecond = 0;
  #tickMs = 0;
  #sinceMs = 0;
  /** Bytes that the caller may spend without asking; they stay in the balance until it reports. */
  #lent = 0;
  /** Since the last tick. */
  #spent = 0;
  #levelBytes = 0;

  /** @param place where its places begin in a row */
  constructor(rows: CountRows, worker: number, place: number) {
    this.#rows = rows;
    this.#own = rows.row(worker);
    this.#place = place;
    const { buffer, byteOffset } = rows.row(0).subarray(place + CLOCK);
    this.#clock = new Int32Array(buffer, byteOffset, 1);
    this.#isAlone = rows.rows === 1;
  }

  /** Starts with this worker's part of a full burst. @returns bytes that may be spent until the first tick */
  begin(perSecond: number, nowMs: number): number {
    this.#perSecond = perSecond;
    this.#tickMs = nowMs;
    this.#clockOffsetMs = (Atomics.load(this.#clock, 0) - Math.floor(nowMs)) | 0;
    // Other rows are left as they are: a worker may start while the others run.
    const burst = burstOf(perSecond);
    const unspent = this.#unspent();
    const target = Math.min(burst, Math.max(0, unspent) + burst / this.#rows.rows);
    this.#own[this.#place + BALANCE]! += target - unspent;
    this.#own[this.#place + BACKLOGGED] = 0;
    this.#own[this.#place + DEMAND] = 0;
    this.#levelBytes = Number.POSITIVE_INFINITY;
    return this.#lend(false);
  }

  setRate(perSecond: number): void {
    this.#perSecond = perSecond;
  }

  /**
   * Opens a tick: reports what was spent since the last, and adds what time brought.
   *
   * @param left of the bytes that were lent; negative: more was spent
   * @returns bytes that waiting connections may be given
   */
  open(left: number, nowMs: number): number {
    this.#spent = 0;
    this.#settle(left);
    const burst = burstOf(this.#perSecond);
    const filled = (this.#perSecond * this.#advanceClock(nowMs)) / 1000;
    this.#own[this.#place + BALANCE]! += Math.min(filled, burst - this.#unspent());
    this.#sinceMs = Math.min(BURST_MS, nowMs - this.#tickMs);
    this.#tickMs = nowMs;
    const reserve = this.#isAlone ? 0 : burst * FLOAT_PART;
    this.#lent = this.#unspent() - reserve;
    return this.#lent;
  }

  /** The most bytes that one waiting connection may be given in the tick that is open. */
  level(): number {
    const perMs = this.#levelPerMs();
    this.#levelBytes = perMs === Number.POSITIVE_INFINITY ? perMs : perMs * this.#sinceMs;
    return this.#levelBytes;
  }

  #levelPerMs(): number {
    const backlogged = this.#isAlone ? 0 : this.#sumOfTicking(BACKLOGGED);
    if (backlogged === 0) return Number.POSITIVE_INFINITY;
    const rate = this.#perSecond / 1000;
    const surplus = (this.#unspent() - burstOf(this.#perSecond) / 2) / BALANCE_MS;
    const perMs = (rate + surplus - this.#sumOfTicking(DEMAND)) / backlogged;
    // The others may get all they want only because they have more than an even part: so a backlogged one gets at least that.
    const least = rate / Math.max(backlogged, this.#rows.sum(Count.active));
    return Math.max(perMs, least);
  }

  /**
   * Closes the tick.
   *
   * @param left of the bytes that `open` returned
   * @param backlogged connections that would move more
   * @param eachBytes that each of those was given
   * @returns bytes that may be spent until the next tick
   */
  close(left: number, backlogged: number, eachBytes: number): number {
    this.#settle(left);
    this.#own[this.#place + BACKLOGGED] = backlogged;
    this.#own[this.#place + TICKED] = Atomics.load(this.#clock, 0);
    if (this.#sinceMs > 0) this.#own[this.#place + DEMAND] = (this.#spent - backlogged * eachBytes) / this.#sinceMs;
    return this.#lend(backlogged > 0);
  }

  #settle(left: number): void {
    this.#spent += this.#lent - left;
    this.#own[this.#place + BALANCE]! += left - this.#lent;
    this.#lent = 0;
  }

  #lend(isBacklogged: boolean): number {
    const unspent = this.#unspent();
    const part = Math.min(Math.max(0, unspent), burstOf(this.#perSecond) * FLOAT_PART) / this.#rows.rows;
    if (this.#isAlone) this.#lent = unspent;
    else this.#lent = isBacklogged ? 0 : Math.min(part, this.#levelBytes);
    return this.#lent;
  }

  #unspent(): number {
    return this.#rows.sum(this.#place + BALANCE);
  }

  /** Over all workers that tick: without connections a worker does not, and one whose loop is held up has an old row. */
  #sumOfTicking(what: number): number {
    const { all, rows } = this.#rows;
    const clock = Atomics.load(this.#clock, 0);
    let sum = 0;
    for (let base = 0; base < all.length; base += all.length / rows) {
      const isStale = ((clock - all[base + this.#place + TICKED]!) | 0) > STALE_MS;
      if (all[base + Count.active]! > 0 && !isStale) sum += all[base + this.#place + what]!;
    }
    return sum;
  }

  /** @returns the milliseconds by which it moved the shared clock; 0 where another worker was faster */
  #advanceClock(nowMs: number): number {
    const shared = Atomics.load(this.#clock, 0);
    const ms = (Math.floor(nowMs) + this.#clockOffsetMs - shared) | 0;
    if (ms <= 0) {
      this.#clockOffsetMs = (this.#clockOffsetMs - ms) | 0;
      return 0;
    }
    return Atomics.compareExchange(this.#clock, 0, shared, (shared + ms) | 0) === shared ? ms : 0;
  }
}

/** At least one byte, or a slow rate would never move one. */
export function burstOf(perSecond: number): number {
  return Math.max(1, (perSecond * BURST_MS) / 1000);
}
