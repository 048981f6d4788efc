import { LATENCIES, Latencies, type LatencyName, type ProtocolLatency } from "./latency.ts";
import { PendingTimes } from "./pending-times.ts";

/** Latencies that are shown while a run goes on. */
const OF_MESSAGES = ["message", "send"] as const satisfies readonly PendingName[];

/** Latencies of what may never end. */
type PendingName = Exclude<LatencyName, ProtocolLatency>;

/** Whole microseconds of the run, from its milliseconds. */
export function runUs(ms: number): number {
  return Math.round(ms * 1000);
}

/**
 * The latencies of one event loop, and what never ended: each message, connect and first byte is pending from
 * its beginning until it ends, and those that never do count with the time they have waited so far. A percentile of the
 * answered messages alone would get better, the more a server leaves unanswered.
 *
 * ```text
 *   begin ─► pending ─┬─► end ─► exact
 *                     ├─► close ─► at least: until the run ended
 *                     └─► forget ─► not measured
 * ```
 */
export class LatencyRecorder {
  /** Of what has ended; after `close` of everything. */
  readonly latencies = new Latencies();
  readonly #pending: Readonly<Record<PendingName, PendingTimes>>;

  constructor() {
    const entries = LATENCIES.map((name) => [name, new PendingTimes()] as const);
    this.#pending = Object.fromEntries(entries) as Record<PendingName, PendingTimes>;
  }

  /** For hot code, which adds and removes by itself. */
  pending(name: PendingName): PendingTimes {
    return this.#pending[name];
  }

  begin(name: PendingName, atMs: number): void {
    this.#pending[name].add(runUs(atMs));
  }

  end(name: PendingName, beganMs: number, nowMs: number): void {
    this.#pending[name].remove(runUs(beganMs));
    this.latencies.record(name, (nowMs - beganMs) * 1000);
  }

  /** Counts it with the time it has waited until now: its end will not be known. */
  giveUp(name: PendingName, beganMs: number, nowMs: number): void {
    this.#pending[name].remove(runUs(beganMs));
    this.latencies.recordAtLeast(name, (nowMs - beganMs) * 1000);
  }

  forget(name: PendingName, beganMs: number): void {
    this.#pending[name].remove(runUs(beganMs));
  }

  /**
   * Latencies of messages so far, including those that have waited for `timeoutMs` or longer. Younger ones may still be on
   * time.
   *
   * @returns the recorder's own latencies where none has; else a copy of those of messages and of their sending
   */
  messagesAt(nowMs: number, timeoutMs: number): Latencies {
    let made: Latencies | undefined;
    for (const name of OF_MESSAGES) {
      this.#pending[name].each(runUs(nowMs), (waitedUs, count) => {
        if (waitedUs < timeoutMs * 1000) return;
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
   * @param timeoutMs how long, at least, each answer would have been waited for
   */
  close(nowMs: number, giveUpMs: number, timeoutMs: number): void {
    for (const name of LATENCIES) {
      const [untilMs, leastUs] = name === "firstByte" ? [nowMs, 0] : [giveUpMs, timeoutMs * 1000];
      this.#pending[name].each(runUs(untilMs), (waitedUs, count) => {
        this.latencies.recordAtLeast(name, Math.max(leastUs, waitedUs), count);
      });
    }
  }
}
