import { Wheel } from "../../base/mod.ts";

/** The resolution of deadlines: one fires up to this much early or late. */
export const TICK_MS = 50;
/** A tick this long after the one before shows that the event loop was blocked. */
const LATE_MS = 3 * TICK_MS;
/** How many blocked periods are remembered. */
const MAX_BLOCKED_PERIODS = 8;

/** Has a deadline. `checkDeadline` returns the milliseconds until the next check, 0 = none. */
export interface Timed {
  checkDeadline(nowMs: number): number;
}

/**
 * One coarse clock and one timer wheel for all connections of an event loop. A connection has at most one timer, for its
 * nearest deadline; activity only writes `nowMs` into the connection (O(1), no timer is moved), and when the timer fires
 * the connection is asked whether its time is really over.
 *
 * Ticks only while something is open, so that an idle process does not wake up.
 */
export class Deadlines {
  /** Monotonic, at most TICK_MS old while connections are open. */
  nowMs = performance.now();
  /** Called at each tick, after the deadlines. */
  ticked: ((nowMs: number) => void) | undefined;
  readonly #wheel = new Wheel();
  readonly #members: (Timed | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #open = 0;
  #waitsForReads = false;
  /** The clock before and after each period in which the loop was blocked, the latest first. */
  readonly #blockedPeriods: [fromMs: number, untilMs: number][] = [];
  readonly #fire = (slot: number) => {
    const wait = this.#members[slot]?.checkDeadline(this.nowMs) ?? 0;
    if (wait > 0) this.arm(slot, wait);
  };

  get open(): number {
    return this.#open;
  }

  /** Returns the latest time at which an event seen at `seenMs` may have happened: the clock stands still in a blocked loop. */
  latest(seenMs: number): number {
    for (const [fromMs, untilMs] of this.#blockedPeriods) if (fromMs === seenMs) return untilMs;
    return seenMs;
  }

  /** Gives the member its slot. */
  join(member: Timed): number {
    if (this.#open === 0) this.#start();
    this.#open += 1;
    const slot = this.#freeSlots.pop() ?? this.#members.length;
    this.#members[slot] = member;
    return slot;
  }

  leave(slot: number): void {
    this.#wheel.disarm(slot);
    this.#members[slot] = undefined;
    this.#freeSlots.push(slot);
    this.#open -= 1;
    if (this.#open > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  arm(slot: number, afterMs: number): void {
    this.#wheel.arm(slot, Math.ceil((this.nowMs + afterMs) / TICK_MS));
  }

  /** Checks the member at `atMs` (of `performance.now()`), or earlier. A deadline that only moves later costs a comparison. */
  armBy(slot: number, atMs: number): void {
    this.#wheel.armBy(slot, Math.ceil(atMs / TICK_MS));
  }

  /** Checks every member now, since the limits changed. */
  recheck(): void {
    for (const [slot, member] of this.#members.entries()) if (member) this.#fire(slot);
  }

  *members(): Generator<Timed> {
    for (const member of this.#members) if (member) yield member;
  }

  #start(): void {
    this.nowMs = performance.now();
    this.#wheel.advance(Math.floor(this.nowMs / TICK_MS), this.#fire);
    this.#timer = setInterval(() => this.#tick(performance.now()), TICK_MS);
    // A listener keeps its process alive, its clock need not.
    this.#timer.unref();
  }

  /**
   * While the loop was blocked nothing was read, and a connection with bytes in the kernel is not idle. So deadlines wait one
   * tick, until these bytes are read; not two ticks in a row, since a loop that is always late would never close anything.
   */
  #tick(nowMs: number): void {
    const isLate = nowMs - this.nowMs > LATE_MS;
    if (isLate) this.#blockedPeriods.unshift([this.nowMs, nowMs]);
    if (this.#blockedPeriods.length > MAX_BLOCKED_PERIODS) this.#blockedPeriods.pop();
    this.#waitsForReads = isLate && !this.#waitsForReads;
    this.nowMs = nowMs;
    if (!this.#waitsForReads) this.#wheel.advance(Math.floor(nowMs / TICK_MS), this.#fire);
    this.ticked?.(nowMs);
  }
}
