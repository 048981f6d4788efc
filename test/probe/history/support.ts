import type { State } from "../../../src/probe/health/mod.ts";
import { ProbeHistory, type ProbeHistoryOptions } from "../../../src/probe/history/mod.ts";
import type { ServicesWrite } from "../../../src/store/mod.ts";
import { ServicesFile } from "../../../src/store/services-file.ts";

export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const NOON_MS = Date.UTC(2026, 10, 30, 12);

/** A box with its clocks and services, which a test moves on. */
export class Box {
  nowMs: number;
  elapsedMs = 0;
  history: ProbeHistory;
  readonly states: Record<string, State> = {};

  constructor(nowMs = NOON_MS, options: ProbeHistoryOptions = {}) {
    this.nowMs = nowMs;
    this.history = this.#begin(options);
  }

  #begin(options: ProbeHistoryOptions): ProbeHistory {
    return new ProbeHistory({ nowMs: () => this.nowMs, elapsedMs: () => this.elapsedMs, ...options });
  }

  services() {
    return Object.entries(this.states).map(([name, state]) => ({ name, state, reason: state === "up" ? undefined : `is ${state}` })); // biome-ignore format: one line
  }

  follow(): void {
    this.history.follow(this.services());
  }

  /** Runs, with a step every ten seconds. */
  run(ms: number, stepMs = 10 * SECOND_MS): void {
    this.follow();
    for (let done = 0; done < ms; done += stepMs) {
      this.nowMs += Math.min(stepMs, ms - done);
      this.elapsedMs += Math.min(stepMs, ms - done);
      this.follow();
    }
  }

  /** Runs, and lets the disk answer after each step. */
  async runs(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += 10 * SECOND_MS) {
      this.run(10 * SECOND_MS);
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  /** Starts again after it was off for a time, whether or not it was stopped. */
  start(offMs: number, options: ProbeHistoryOptions): void {
    this.nowMs += offMs;
    this.elapsedMs = 0;
    this.history = this.#begin(options);
  }

  record(name: string) {
    return this.history.record(name);
  }
}

/** A store whose file is in memory, and which can fail. */
export class MemoryDisk {
  isFailing = false;
  writes = 0;
  readonly #file = new ServicesFile(":memory:");

  readonly services = {
    write: async (write: ServicesWrite) => {
      if (this.isFailing) return false;
      this.writes += 1;
      this.#file.write(write);
      return true;
    },
    read: async (maxChanges: number) => this.#file.read(maxChanges),
  };
}
