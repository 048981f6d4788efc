import { Wheel } from "../../base/mod.ts";

/** How fine time is counted: a deadline fires up to this much early or late. */
export const TICK_MS = 50;
/** A tick so long after the one before shows that the event loop was held up. */
const LATE_MS = 3 * TICK_MS;
/** So many such times are remembered. */
const MOST_HOLDS = 8;

/** Something with a deadline: returns the milliseconds until it wants to be asked again, 0 = no more. */
export interface Timed {
  checkDeadline(nowMs: number): number;
}

/**
 * One coarse clock and one timer wheel for all connections of an event loop. A connection has at most one timer, for its
 * nearest deadline; activity only writes `nowMs` into the connection (O(1), no timer is moved), and when the timer fires
 * the connection is asked whether its time is really over.
 *
 * Ticks only while something is open: an idle process does not wake.
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
  /** The clock before and after each time that the loop was held up, the latest first. */
  readonly #holds: [fromMs: number, untilMs: number][] = [];
  readonly #fire = (slot: number) => {
    const wait = this.#members[slot]?.checkDeadline(this.nowMs) ?? 0;
    if (wait > 0) this.arm(slot, wait);
  };

  /** How many members there are. */
  get open(): number {
    return this.#open;
  }

  /** When what was seen at `nowMs` happened at the latest: while the loop is held up the clock stands still. */
  latest(seenMs: number): number {
    for (const [fromMs, untilMs] of this.#holds) if (fromMs === seenMs) return untilMs;
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

  /** Asks every member now: the limits changed. */
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
   * While the loop was held up nothing was read: whose bytes wait in the kernel is not idle. So they are read first, and
   * deadlines are a tick late; not at two ticks in a row, or a loop that is always late would never close anything.
   */
  #tick(nowMs: number): void {
    const isLate = nowMs - this.nowMs > LATE_MS;
    if (isLate) this.#holds.unshift([this.nowMs, nowMs]);
    if (this.#holds.length > MOST_HOLDS) this.#holds.pop();
    this.#waitsForReads = isLate && !this.#waitsForReads;
    this.nowMs = nowMs;
    if (!this.#waitsForReads) this.#wheel.advance(Math.floor(nowMs / TICK_MS), this.#fire);
    this.ticked?.(nowMs);
  }
}
