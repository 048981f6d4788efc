import { TenkError } from "../base/mod.ts";
import type { HealthSettings } from "./health.ts";

/** A target, as checks use it. */
export interface Checked {
  answered(): void;
  failed(error: unknown, nowMs: number, isTrial: boolean): void;
}

/**
 * Asks one target whether it is well; rejects where it is not.
 *
 * @param signal aborts when the time is over, or the checks were stopped
 */
export type HealthCheck<Target> = (target: Target, signal: AbortSignal, timeoutMs: number) => Promise<void>;

/** Checks each target every `checkMs`. Does not keep a process alive. */
export class Checks<Target extends Checked> {
  readonly #targets: () => readonly Target[];
  readonly #underWay = new Map<Target, AbortController>();
  #check: HealthCheck<Target> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #everyMs = 0;
  #timeoutMs = 0;

  constructor(targets: () => readonly Target[]) {
    this.#targets = targets;
  }

  /** Starts, or goes on with new settings. Without a check, only what is carried tells how targets are. */
  start(settings: HealthSettings, check: HealthCheck<Target> | undefined): void {
    this.#check = check;
    this.#timeoutMs = settings.checkTimeoutMs;
    const everyMs = check === undefined ? 0 : settings.checkMs;
    if (everyMs === this.#everyMs) return;
    this.stop();
    this.#everyMs = everyMs;
    if (everyMs === 0) return;
    const round = () => {
      for (const target of this.#targets()) void this.#run(target);
    };
    this.#timer = setInterval(round, everyMs);
    this.#timer.unref();
    round();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#everyMs = 0;
    for (const cancel of this.#underWay.values()) cancel.abort();
  }

  async #run(target: Target): Promise<void> {
    if (this.#underWay.has(target) || this.#check === undefined) return;
    const cancel = new AbortController();
    this.#underWay.set(target, cancel);
    const timeoutMs = this.#timeoutMs;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      cancel.abort();
    }, timeoutMs);
    // A check that ignores its signal must not keep later ones from being made.
    const aborted = new Promise<never>((_, reject) => {
      cancel.signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
    try {
      await Promise.race([this.#check(target, cancel.signal, timeoutMs), aborted]);
      target.answered();
    } catch (error) {
      const isStopped = cancel.signal.aborted && !isLate;
      const late = new TenkError("connect-timeout", `No answer to a health check within ${timeoutMs} ms`);
      const cause = isLate ? late : isStopped ? stoppedError() : error;
      target.failed(cause, performance.now(), false);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(target);
    }
  }
}

/** Has a code for which no target is blamed. */
function stoppedError(): TenkError {
  return new TenkError("connect-aborted", "The health check was stopped");
}
