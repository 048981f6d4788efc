import { z } from "zod";
import { RunCourse, type RunSeries } from "../../dash/mod.ts";

/** What a load test tells of itself once a second. */
export const RUN_SNAPSHOT = z.strictObject({
  id: z.string().min(1).max(100),
  target: z.string().max(1000),
  snapshot: z.looseObject({ elapsedMs: z.number(), phase: z.string().max(20) }),
});

export type Told = z.infer<typeof RUN_SNAPSHOT>;

/** The run in progress, with its course or what of it is new. */
export interface RunNews extends Told {
  readonly series: RunSeries;
  /** When it was heard last, ms since 1970: only of one that has fallen silent without an end. */
  readonly lostAt?: number;
}

interface Running {
  told: Told;
  /** ms since 1970 */
  heardMs: number;
  readonly course: RunCourse;
}

/** A run that is silent for so long has ended without a word. */
const SILENT_MS = 5000;
/** One that is lost is shown until another begins, and for so long at most. */
const LOST_SHOWN_MS = 15 * 60_000;
/** Each keeps a course, which is 0.3 MB at most. */
const MAX_RUNS = 4;

/**
 * The load test in progress, as it tells of itself once a second, and its course from its begin on. Of several at a time the
 * first is shown, then the next. The version grows with everything that is told, and says how far a reader has come.
 */
export class LiveRun {
  #version = 0;
  /** In the order in which they began. */
  readonly #runs = new Map<string, Running>();
  #shown: Running | undefined;
  #isLost = false;
  /** The version at which the one that is shown became so. */
  #shownSince = 0;

  tell(told: Told, nowMs: number): void {
    let run = this.#runs.get(told.id);
    if (run === undefined) {
      for (const [id, { heardMs }] of this.#runs) if (nowMs - heardMs > SILENT_MS) this.#runs.delete(id);
      if (this.#runs.size >= MAX_RUNS) return;
      run = { told, heardMs: nowMs, course: new RunCourse() };
      this.#runs.set(told.id, run);
    }
    run.told = told;
    run.heardMs = nowMs;
    this.#version += 1;
    run.course.add(told.snapshot, this.#version);
  }

  /** @param id of the run that has ended @default all */
  end(id?: string): void {
    if (id === undefined) this.#runs.clear();
    else this.#runs.delete(id);
  }

  /**
   * What is new, for a reader who knows what was told up to a version.
   *
   * @param version -1 for one who knows nothing
   */
  since(version: number, nowMs: number): { readonly version: number; readonly value: RunNews | null } {
    this.#look(nowMs);
    const shown = this.#shown;
    if (shown === undefined) return { version: this.#version, value: null };
    const series = shown.course.series(version < this.#shownSince ? undefined : version);
    const value = { ...shown.told, series, ...(this.#isLost ? { lostAt: shown.heardMs } : {}) };
    return { version: this.#version, value };
  }

  /** Which is shown changes with time too. */
  #look(nowMs: number): void {
    const runs = [...this.#runs.values()];
    const speaking = runs.find(({ heardMs }) => nowMs - heardMs <= SILENT_MS);
    const lost = runs.findLast(({ heardMs }) => nowMs - heardMs <= LOST_SHOWN_MS);
    const shown = speaking ?? lost;
    const isLost = speaking === undefined && lost !== undefined;
    if (shown === undefined) this.#runs.clear();
    if (shown === this.#shown && isLost === this.#isLost) return;
    this.#version += 1;
    if (shown !== this.#shown) this.#shownSince = this.#version;
    this.#shown = shown;
    this.#isLost = isLost;
  }
}
