import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/** Clocks, in milliseconds. */
export interface Clocks {
  /** Since 1970; may be set. */
  readonly wall: () => number;
  /** Since the machine started, with the time in which it slept. */
  readonly boot: () => number;
}

/** What has happened to the clock, or to us, since the last look. */
export interface ClockChange {
  /** By how much the clock was set; 0 = it was not. */
  readonly stepMs: number;
  /** A time of which we know nothing: the machine slept, the process was stopped, or the clock was behind before. */
  readonly off: readonly [fromMs: number, toMs: number] | undefined;
}

/** Less is the drift of clocks, and a machine that is busy. */
const TOLERANCE_MS = 30_000;

export const systemClocks: Clocks = {
  wall: Date.now,
  boot() {
    try {
      // Node's own tells whole seconds only.
      return 1000 * Number.parseFloat(readFileSync("/proc/uptime", "latin1"));
    } catch {
      return 1000 * uptime();
    }
  },
};

/** Sees a clock that jumps, and times in which nobody looked. */
export class ClockWatch {
  readonly #clocks: Clocks;
  #wallMs: number;
  #bootMs: number;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#wallMs = clocks.wall();
    this.#bootMs = clocks.boot();
  }

  /** @param everyMs how often it is called */
  look(everyMs: number): ClockChange {
    const [wallMs, bootMs] = [this.#clocks.wall(), this.#clocks.boot()];
    const [before, passedMs] = [this.#wallMs, bootMs - this.#bootMs];
    const stepMs = wallMs - before - passedMs;
    this.#wallMs = wallMs;
    this.#bootMs = bootMs;
    const isSet = Math.abs(stepMs) > TOLERANCE_MS;
    const isGap = passedMs > everyMs + TOLERANCE_MS || (isSet && stepMs > 0);
    return { stepMs: isSet ? stepMs : 0, off: isGap && wallMs > before ? [before, wallMs] : undefined };
  }
}
