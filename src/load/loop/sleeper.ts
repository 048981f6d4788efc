import type { Transport } from "./protocol.ts";

/** Longest sleep between ticks. */
export const MAX_WAIT_MS = 10;
/** A transport that waits by itself keeps the event loop from its other work for about so long at a time. */
const TURN_MS = 2;

/** Returned by a tick instead of a time: it is behind, and goes on as soon as what came in meanwhile has been read. */
export const BUSY = Number.NEGATIVE_INFINITY;
/** Returned by a tick instead of a time: it was the last. */
export const OVER = Number.NaN;

/**
 * Calls a loop's ticks: by timers, or where the transport waits by itself, one after the other with a wait between.
 *
 * ```text
 *   timers:  tick ─► setTimeout ─► tick …          transport.wait:  tick ─► wait ─► tick ─► wait … 2 ms ─► setImmediate ─► tick …
 * ```
 */
export class Sleeper {
  /** When the next tick is expected. */
  expectedMs = 0;
  readonly #tick: () => number;
  readonly #transport: Transport;
  readonly #now: () => number;
  readonly #next = () => this.run();

  /** @param tick returns the milliseconds until something is due, negative where nothing will be; `BUSY`; or `OVER` */
  constructor(tick: () => number, transport: Transport, now: () => number) {
    this.#tick = tick;
    this.#transport = transport;
    this.#now = now;
  }

  /** Calls the next tick, and those that follow. */
  run(): void {
    if (this.#transport.wait === undefined) this.#runOnce();
    else this.#runTurn(this.#now());
  }

  #runOnce(): void {
    const waitMs = this.#tick();
    if (Number.isNaN(waitMs)) return;
    this.expectedMs = this.#now();
    if (waitMs === BUSY) {
      setImmediate(this.#next);
      return;
    }
    // The runtime's timers know no less than a millisecond.
    const timerMs = Math.max(1, Math.floor(waitMs));
    this.expectedMs += timerMs;
    setTimeout(this.#next, timerMs);
  }

  #runTurn(startMs: number): void {
    for (;;) {
      const waitMs = this.#tick();
      if (Number.isNaN(waitMs)) return;
      const nowMs = this.#now();
      const blockMs = waitMs === BUSY ? 0 : waitMs < 0 ? MAX_WAIT_MS : waitMs;
      this.expectedMs = nowMs + blockMs;
      this.#transport.wait!(blockMs);
      if (nowMs - startMs > TURN_MS) break;
    }
    setImmediate(this.#next);
  }
}
