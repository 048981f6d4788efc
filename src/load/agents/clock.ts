/** Clocks of computers drift by less than this: 200 µs a second. */
const DRIFT = 200e-6;

/** One round trip: when it left and came back by our clock, and what the other clock said in between. Milliseconds. */
export interface RoundTrip {
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly theirMs: number;
}

/**
 * Estimates another machine's monotonic clock from round trips, as NTP does (RFC 5905 §8): the shortest says most, since the answer was
 * written somewhere between its two ends. Which is all that is taken for granted: how the way there compares with the way back is not
 * known, so that half of the round trip is a bound and no estimate. The bound grows with the age of the round trip.
 */
export class ClockEstimate {
  #offsetMs = 0;
  #boundMs = Number.POSITIVE_INFINITY;
  #atMs = 0;

  take({ sentMs, receivedMs, theirMs }: RoundTrip): void {
    const boundMs = Math.max(0, receivedMs - sentMs) / 2;
    if (boundMs >= this.boundMs(receivedMs)) return;
    this.#boundMs = boundMs;
    this.#offsetMs = theirMs - (sentMs + receivedMs) / 2;
    this.#atMs = receivedMs;
  }

  /** Returns how far off the estimate may be at `nowMs`; Infinity before the first round trip. */
  boundMs(nowMs: number): number {
    return this.#boundMs + DRIFT * Math.abs(nowMs - this.#atMs);
  }

  /** Returns what the other clock says when ours says `ourMs`. */
  theirs(ourMs: number): number {
    return ourMs + this.#offsetMs;
  }
}
