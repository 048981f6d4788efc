import { afterOthers } from "./after-turn.ts";
import { sleepUs } from "./ffi.ts";

/** Reads after which a loop that does not gather looks at the clock. */
const LOOK_AFTER = 64;
/** Over so long the reads are counted before anything is decided. */
const WINDOW_MS = 20;
/** Reads a millisecond below which waiting would gather nothing. */
const DENSE_PER_MS = 20;
/** A turn of so many reads has gathered already. */
const FULL_TURN = 64;
/** Clients that wait for answers send less while the loop waits: below this share of the reads before, it stops waiting. */
const LEAST_SHARE = 0.85;
/** After so long it does not wait for a window, to see how much is read then. */
const COMPARE_MS = 1000;
/** How long it then does not wait again: doubled each time, and the first again after a window that went well. */
const FIRST_REST_MS = 200;
const LONGEST_REST_MS = 60_000;

/** The clock and the sleep, which tests replace. */
export interface GatheringClock {
  nowMs(): number;
  /** Blocks the thread. */
  sleepUs(us: number): void;
  /** Calls it once all events of this turn have been handled. */
  afterTurn(callback: () => void): void;
}

/**
 * Lets small reads gather under dense traffic. A wake-up of an event loop costs more than a read; where more than 20 reads a
 * millisecond come, the loop sleeps up to 100 µs before its next turn, so that one wake-up serves many.
 *
 * ```text
 *   quiet ── a window with 20 reads a ms ──► gathering: each turn of fewer than 64 reads ends with a sleep
 *     ▲                                          │
 *     └── rest ◄── a window with fewer reads ────┘
 * ```
 *
 * Clients that wait for each answer would only be slowed down: when a seventh less is read than before, the loop rests, and
 * tries again later and later. What was before is measured anew each second. A loop that does not gather pays one comparison a read, and looks at the clock after 64.
 */
export class Gathering {
  /** Sleeps so far. */
  count = 0;
  #reads = 0;
  /** The count of reads at which there is something to do. */
  #nextLook = LOOK_AFTER;
  #windowMs = Number.NEGATIVE_INFINITY;
  #windowReads = 0;
  #turnReads = 0;
  #isGathering = false;
  /** Reads a millisecond of the window before it began to gather. */
  #perMsBefore = 0;
  #beganMs = 0;
  #beganReads = 0;
  #restMs = FIRST_REST_MS;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  /** Microseconds that each listener of this loop permits. */
  readonly #permitted: number[] = [];
  #maxUs = 0;
  readonly #clock: GatheringClock;
  readonly #endTurn = () => this.#turned();

  constructor(clock: GatheringClock) {
    this.#clock = clock;
  }

  /**
   * A listener runs on this loop; the least that any permits counts. A loop without listeners never waits: a load generator
   * times what it sends.
   */
  permit(us: number): void {
    this.#permitted.push(us);
    this.#maxUs = Math.min(...this.#permitted);
  }

  /** A listener that permitted so much is gone. */
  forget(us: number): void {
    const at = this.#permitted.indexOf(us);
    if (at >= 0) this.#permitted.splice(at, 1);
    this.#maxUs = this.#permitted.length === 0 ? 0 : Math.min(...this.#permitted);
  }

  /** A socket was read. */
  read(): void {
    this.#reads += 1;
    if (this.#reads >= this.#nextLook) this.#look();
  }

  #look(): void {
    if (this.#isGathering) {
      // The first read of a turn.
      this.#turnReads = this.#reads - 1;
      this.#nextLook = Number.POSITIVE_INFINITY;
      this.#clock.afterTurn(this.#endTurn);
      return;
    }
    this.#nextLook = this.#reads + LOOK_AFTER;
    if (this.#maxUs === 0) return;
    const nowMs = this.#clock.nowMs();
    const perMs = this.#closedWindow(nowMs);
    if (perMs === undefined || perMs < DENSE_PER_MS || nowMs < this.#restUntilMs) return;
    this.#isGathering = true;
    this.#perMsBefore = perMs;
    this.#beganMs = nowMs;
    this.#beganReads = this.#reads;
    this.#nextLook = this.#reads + 1;
  }

  #turned(): void {
    this.#nextLook = this.#reads + 1;
    const nowMs = this.#clock.nowMs();
    const perMs = this.#closedWindow(nowMs);
    if (this.#maxUs === 0 || (perMs !== undefined && !this.#goesOn(perMs, nowMs))) {
      this.#isGathering = false;
      this.#nextLook = this.#reads + LOOK_AFTER;
      return;
    }
    if (this.#reads - this.#turnReads >= FULL_TURN) return;
    this.count += 1;
    this.#clock.sleepUs(this.#maxUs);
  }

  /** Returns the reads a millisecond of a window that is over; undefined where it is not. */
  #closedWindow(nowMs: number): number | undefined {
    const pastMs = nowMs - this.#windowMs;
    if (pastMs < WINDOW_MS) return undefined;
    const perMs = (this.#reads - this.#windowReads) / pastMs;
    this.#windowMs = nowMs;
    this.#windowReads = this.#reads;
    return perMs;
  }

  #goesOn(perMs: number, nowMs: number): boolean {
    // Of the whole time: a single window varies too much.
    const meanPerMs = (this.#reads - this.#beganReads) / (nowMs - this.#beganMs);
    if (meanPerMs < this.#perMsBefore * LEAST_SHARE) {
      this.#restUntilMs = nowMs + this.#restMs;
      this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
      return false;
    }
    if (nowMs - this.#beganMs < COMPARE_MS) return perMs >= DENSE_PER_MS;
    this.#restMs = FIRST_REST_MS;
    return false;
  }
}

/** That of this thread's event loop. */
export const gathering = new Gathering({ nowMs: () => performance.now(), sleepUs, afterTurn: afterOthers });
