import { Wheel } from "../base/mod.ts";

/** How fine time is counted: a deadline fires up to this much early or late. */
export const TICK_MS = 50;

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
  readonly #fire = (slot: number) => {
    const wait = this.#members[slot]?.checkDeadline(this.nowMs) ?? 0;
    if (wait > 0) this.arm(slot, wait);
  };

  /** How many members there are. */
  get open(): number {
    return this.#open;
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
    this.#timer = setInterval(() => {
      this.nowMs = performance.now();
      this.#wheel.advance(Math.floor(this.nowMs / TICK_MS), this.#fire);
      this.ticked?.(this.nowMs);
    }, TICK_MS);
    // A listener keeps its process alive, its clock need not.
    this.#timer.unref();
  }
}
