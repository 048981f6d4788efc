/** How often times are looked at: each is exact to this much. */
export const TICK_MS = 250;
/** A tick that is this many ticks after the one before shows that the event loop was blocked. */
const LATE_TICKS = 3;

export interface Ticked {
  tick(nowMs: number): void;
}

/**
 * The one timer of all targets of an event loop: a request has none of its own. It runs only while a target has a connection
 * or somebody waits for one.
 */
export class Ticker {
  /** Monotonic, at most {@link TICK_MS} old while it runs. */
  nowMs = performance.now();
  readonly #tickMs: number;
  readonly #members = new Set<Ticked>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isAfterLateOne = false;

  constructor(tickMs = TICK_MS) {
    this.#tickMs = tickMs;
  }

  join(member: Ticked): void {
    this.#members.add(member);
    if (this.#timer !== undefined) return;
    this.nowMs = performance.now();
    this.#timer = setInterval(() => this.#tick(performance.now()), this.#tickMs);
    this.#timer.unref();
  }

  leave(member: Ticked): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * While the loop was blocked nothing was read, so an answer that is there already would look late. One tick is left out
   * then, not two in a row: a loop that is always late must still end what hangs.
   */
  #tick(nowMs: number): void {
    const isLate = nowMs - this.nowMs > LATE_TICKS * this.#tickMs;
    this.nowMs = nowMs;
    this.#isAfterLateOne = isLate && !this.#isAfterLateOne;
    if (this.#isAfterLateOne) return;
    for (const member of this.#members) member.tick(nowMs);
  }
}

/** That of this event loop. */
export const ticker = new Ticker();
