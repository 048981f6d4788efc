import { LATENCIES, Latencies, type LatencyName } from "./latency.ts";
import { PendingTimes } from "./pending-times.ts";

/** What a run is told by while it goes on. */
const OF_MESSAGES = ["message", "send"] as const satisfies readonly LatencyName[];

/** Whole microseconds of the run, from its milliseconds. */
export function runUs(ms: number): number {
  return Math.round(ms * 1000);
}

/**
 * The latencies of one event loop, together with what never came: each message, connect and first byte is pending from
 * its beginning until it ends, and those that never do count as what they have waited at least. A percentile over the
 * answered alone would be the better, the more a server leaves unanswered.
 *
 * ```text
 *   begin ─► pending ─┬─► end ─► exact
 *                     ├─► close ─► at least: until the run ended
 *                     └─► forget ─► not measured
 * ```
 */
export class LatencyRecorder {
  /** What has ended; after `close` what has not, too. */
  readonly latencies = new Latencies();
  readonly #pending: Readonly<Record<LatencyName, PendingTimes>>;

  constructor() {
    const entries = LATENCIES.map((name) => [name, new PendingTimes()] as const);
    this.#pending = Object.fromEntries(entries) as Record<LatencyName, PendingTimes>;
  }

  /** For hot code, which adds and removes by itself. */
  pending(name: LatencyName): PendingTimes {
    return this.#pending[name];
  }

  begin(name: LatencyName, atMs: number): void {
    this.#pending[name].add(runUs(atMs));
  }

  end(name: LatencyName, beganMs: number, nowMs: number): void {
    this.#pending[name].remove(runUs(beganMs));
    this.latencies.record(name, (nowMs - beganMs) * 1000);
  }

  /** It will not be known any more: it counts as what it has waited by now. */
  giveUp(name: LatencyName, beganMs: number, nowMs: number): void {
    this.#pending[name].remove(runUs(beganMs));
    this.latencies.recordAtLeast(name, (nowMs - beganMs) * 1000);
  }

  forget(name: LatencyName, beganMs: number): void {
    this.#pending[name].remove(runUs(beganMs));
  }

  /**
   * How the latencies of messages stand: with those that have waited for `patienceMs` or longer. Younger ones may still be on
   * time.
   *
   * @returns the recorder's own latencies where none has; else a copy of those of messages and of their sending
   */
  messagesAt(nowMs: number, patienceMs: number): Latencies {
    let made: Latencies | undefined;
    for (const name of OF_MESSAGES) {
      this.#pending[name].each(runUs(nowMs), (waitedUs, count) => {
        if (waitedUs < patienceMs * 1000) return;
        made ??= this.latencies.copyOf(OF_MESSAGES);
        made.recordAtLeast(name, waitedUs, count);
      });
    }
    return made ?? this.latencies;
  }

  /**
   * The run is over: what is pending will never end.
   *
   * @param giveUpMs until when an answer would have been waited for; what waits for a first byte did so until `nowMs`
   * @param patienceMs how long, at least, each answer would have been waited for
   */
  close(nowMs: number, giveUpMs: number, patienceMs: number): void {
    for (const name of LATENCIES) {
      const [untilMs, leastUs] = name === "firstByte" ? [nowMs, 0] : [giveUpMs, patienceMs * 1000];
      this.#pending[name].each(runUs(untilMs), (waitedUs, count) => {
        this.latencies.recordAtLeast(name, Math.max(leastUs, waitedUs), count);
      });
    }
  }
}
