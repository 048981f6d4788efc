import type { Log } from "../base/mod.ts";

export interface WatchdogOptions {
  /** A service that gives no sign of life for so long is killed. */
  readonly timeoutMs: number;
  /** Returns what does not answer in time. */
  readonly silent: (withinMs: number) => Promise<readonly string[]>;
  readonly alive: () => void;
  readonly log: Log;
}

/**
 * Gives a sign of life while the event loop and all threads turn. A timer proves the one, an answer the others: what hangs for
 * `timeoutMs` has the service manager start the service again.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #stepMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    // Waiting for answers takes at most one third, too, which leaves another for a busy machine.
    this.#stepMs = options.timeoutMs / 3;
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#look(), this.#stepMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { silent, alive, log, timeoutMs } = this.#options;
    const names = await silent(this.#stepMs);
    if (this.#isStopped) return;
    if (names.length === 0) alive();
    else
      log.error("event loop blocked, no sign of life sent", { listeners: names.join(" "), killedAfterMs: timeoutMs });
    this.#arm();
  }
}
