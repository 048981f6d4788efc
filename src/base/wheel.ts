/**
 * A hashed timer wheel (Varghese and Lauck 1987, scheme 6): `arm`, `disarm` and each expiry are O(1), whatever the number
 * of timers. Timers are whole numbers (a connection's slot) in three growing columns.
 *
 * ```text
 *   tick:      0     1     2    …   511        a timer further away than one turn stays
 *   heads:   [ ─┐ ][ -1 ][ ─┐ ]                in its bucket and is skipped until it is due
 *               7 ⇄ 3       9
 * ```
 *
 * It has no clock of its own: `advance(nowTick)` moves the time.
 */
export class Wheel {
  readonly #heads: Int32Array;
  readonly #mask: number;
  #next: Int32Array;
  #previous: Int32Array;
  #due: Float64Array;
  #nowTick = 0;
  #armed = 0;

  /** @param buckets ticks in one turn, a power of two. @default {512} */
  constructor(buckets = 512, capacity = 64) {
    if (buckets < 2 || (buckets & (buckets - 1)) !== 0) {
      throw new RangeError(`Cannot make a wheel: buckets must be a power of two, current value is ${buckets}`);
    }
    this.#heads = new Int32Array(buckets).fill(-1);
    this.#mask = buckets - 1;
    this.#next = new Int32Array(capacity).fill(-1);
    this.#previous = new Int32Array(capacity).fill(-1);
    this.#due = new Float64Array(capacity).fill(-1);
  }

  /** Number of armed timers. */
  get armed(): number {
    return this.#armed;
  }

  isArmed(id: number): boolean {
    return id < this.#due.length && this.#due[id]! >= 0;
  }

  /** Fires `id` at `dueTick`, or at the next tick if that is past. Arming again moves it. */
  arm(id: number, dueTick: number): void {
    if (id >= this.#due.length) this.#grow(id + 1);
    if (this.#due[id]! >= 0) this.disarm(id);
    const due = Math.max(Math.ceil(dueTick), this.#nowTick + 1);
    const bucket = due & this.#mask;
    const head = this.#heads[bucket]!;
    this.#due[id] = due;
    this.#next[id] = head;
    this.#previous[id] = -1;
    if (head >= 0) this.#previous[head] = id;
    this.#heads[bucket] = id;
    this.#armed += 1;
  }

  /** Fires `id` at `dueTick` or earlier: moves a timer that is armed for later, and starts one that is not armed. */
  armBy(id: number, dueTick: number): void {
    if (!this.isArmed(id) || this.#due[id]! > dueTick) this.arm(id, dueTick);
  }

  disarm(id: number): void {
    if (!this.isArmed(id)) return;
    const next = this.#next[id]!;
    const previous = this.#previous[id]!;
    if (previous >= 0) this.#next[previous] = next;
    else this.#heads[this.#due[id]! & this.#mask] = next;
    if (next >= 0) this.#previous[next] = previous;
    this.#due[id] = -1;
    this.#armed -= 1;
  }

  /**
   * Moves to `nowTick` and calls `fire` for each due timer. `fire` may arm and disarm any timer, also its own.
   * Costs one step per bucket passed (at most one turn) plus one per timer in them.
   */
  advance(nowTick: number, fire: (id: number) => void): void {
    const from = Math.max(this.#nowTick + 1, nowTick - this.#mask);
    for (let tick = from; tick <= nowTick && this.#armed > 0; tick++) {
      this.#nowTick = tick;
      this.#expire(tick & this.#mask, nowTick, fire);
    }
    this.#nowTick = Math.max(this.#nowTick, nowTick);
  }

  #expire(bucket: number, nowTick: number, fire: (id: number) => void): void {
    // Collected before any is fired, since `fire` may change this bucket's list.
    const due: number[] = [];
    for (let id = this.#heads[bucket]!; id >= 0; id = this.#next[id]!) {
      if (this.#due[id]! <= nowTick) due.push(id);
    }
    for (const id of due) {
      // An earlier one may have disarmed it, or armed it again for later.
      if (!this.isArmed(id) || this.#due[id]! > nowTick) continue;
      this.disarm(id);
      fire(id);
    }
  }

  #grow(atLeast: number): void {
    const size = Math.max(atLeast, this.#due.length * 2);
    const old = [this.#next, this.#previous, this.#due] as const;
    this.#next = new Int32Array(size).fill(-1);
    this.#previous = new Int32Array(size).fill(-1);
    this.#due = new Float64Array(size).fill(-1);
    this.#next.set(old[0]);
    this.#previous.set(old[1]);
    this.#due.set(old[2]);
  }
}
