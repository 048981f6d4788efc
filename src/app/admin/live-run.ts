import { z } from "zod";
import { RunCourse, type RunSeries } from "../../dash/mod.ts";

/** The snapshot that a load test posts once a second. */
export const RUN_SNAPSHOT = z.strictObject({
  id: z.string().min(1).max(100),
  target: z.string().max(1000),
  snapshot: z.looseObject({ elapsedMs: z.number(), phase: z.string().max(20) }),
});

export type RunSnapshot = z.infer<typeof RUN_SNAPSHOT>;

/** The run in progress, with all of its course or the part that is new to the reader. */
export interface RunUpdate extends RunSnapshot {
  readonly series: RunSeries;
  /** Time of the last snapshot, ms since 1970; set when a run has stopped posting without an end. */
  readonly lostAt?: number;
}

interface ActiveRun {
  snapshot: RunSnapshot;
  /** ms since 1970 */
  receivedMs: number;
  readonly course: RunCourse;
}

/** A run that posts nothing for this long is lost. */
const LOST_AFTER_MS = 5000;
/** A lost run is shown until another begins, or this long. */
const LOST_SHOWN_MS = 15 * 60_000;
/** Each run keeps a course of up to 0.3 MB. */
const MAX_RUNS = 4;

/**
 * The load test in progress, from the snapshots that it posts each second, with its course since it began. Of several runs the
 * first is shown, then the next. The version grows with each snapshot; a reader's version tells which of them it has seen.
 */
export class LiveRun {
  #version = 0;
  /** In the order in which they began. */
  readonly #runs = new Map<string, ActiveRun>();
  #shown: ActiveRun | undefined;
  #isLost = false;
  /** The version at which `#shown` changed. */
  #shownSince = 0;

  update(snapshot: RunSnapshot, nowMs: number): void {
    let run = this.#runs.get(snapshot.id);
    if (run === undefined) {
      for (const [id, { receivedMs }] of this.#runs) if (nowMs - receivedMs > LOST_AFTER_MS) this.#runs.delete(id);
      if (this.#runs.size >= MAX_RUNS) return;
      run = { snapshot, receivedMs: nowMs, course: new RunCourse() };
      this.#runs.set(snapshot.id, run);
    }
    run.snapshot = snapshot;
    run.receivedMs = nowMs;
    this.#version += 1;
    run.course.add(snapshot.snapshot, this.#version);
  }

  /** @param id the run that has ended @default all */
  end(id?: string): void {
    if (id === undefined) this.#runs.clear();
    else this.#runs.delete(id);
  }

  /**
   * Returns the run that is shown, with the part of its course after a version.
   *
   * @param version what the reader has seen; -1 for nothing
   */
  since(version: number, nowMs: number): { readonly version: number; readonly value: RunUpdate | null } {
    this.#chooseShown(nowMs);
    const shown = this.#shown;
    if (shown === undefined) return { version: this.#version, value: null };
    const series = shown.course.series(version < this.#shownSince ? undefined : version);
    const value = { ...shown.snapshot, series, ...(this.#isLost ? { lostAt: shown.receivedMs } : {}) };
    return { version: this.#version, value };
  }

  /** Called at each read, since a run is lost by time alone. */
  #chooseShown(nowMs: number): void {
    const runs = [...this.#runs.values()];
    const active = runs.find(({ receivedMs }) => nowMs - receivedMs <= LOST_AFTER_MS);
    const lost = runs.findLast(({ receivedMs }) => nowMs - receivedMs <= LOST_SHOWN_MS);
    const shown = active ?? lost;
    const isLost = active === undefined && lost !== undefined;
    if (shown === undefined) this.#runs.clear();
    if (shown === this.#shown && isLost === this.#isLost) return;
    this.#version += 1;
    if (shown !== this.#shown) this.#shownSince = this.#version;
    this.#shown = shown;
    this.#isLost = isLost;
  }
}
