import type { Transport } from "./protocol.ts";

/** Longest sleep between ticks. */
export const MAX_WAIT_MS = 10;

/** Lets a loop's time pass until its next tick: by a timer, or within the transport, where that waits by itself. */
export class Sleeper {
  readonly #tick: () => void;
  readonly #transport: Transport;

  constructor(tick: () => void, transport: Transport) {
    this.#tick = tick;
    this.#transport = transport;
  }

  /**
   * Has the tick called.
   *
   * @param waitMs until something is due; negative where nothing will be
   * @param busy it is behind, and goes on as soon as what came in meanwhile has been read
   * @returns when it is expected
   */
  sleep(nowMs: number, waitMs: number, busy: boolean): number {
    if (this.#transport.wait !== undefined) {
      const blockMs = busy ? 0 : waitMs < 0 ? MAX_WAIT_MS : waitMs;
      this.#transport.wait(blockMs);
      setImmediate(this.#tick);
      return nowMs + blockMs;
    }
    if (busy) {
      setImmediate(this.#tick);
      return nowMs;
    }
    // The runtime's timers know no less than a millisecond.
    const timerMs = Math.max(1, Math.floor(waitMs));
    setTimeout(this.#tick, timerMs);
    return nowMs + timerMs;
  }
}
