import { RUN_COLUMNS, type RunColumn, type RunSeries, type RunSnapshot, runValue } from "./run.ts";

/** The values of a run at one moment that charts draw; a missing value is a gap. */
export type RunMoment = Pick<RunSnapshot, "elapsedMs"> & Partial<RunSnapshot>;

interface Point {
  readonly elapsedMs: number;
  readonly values: readonly (number | null)[];
  /** The number that `add` was given. */
  readonly number: number;
}

const FIRST_STEP_MS = 1000;
const FEWEST_POINTS = 4;

/**
 * The course of a run in bounded memory, whatever its length: a point a second, and each time there are too many, half as many.
 * Server, generator and page all use it, so that a run looks the same in progress and afterwards.
 *
 * ```text
 *   step 1 s   0 1 2 3 4 5 6 7 8      first of each step, and the newest
 *   step 2 s   0   2   4   6   8 9
 * ```
 */
export class RunCourse {
  readonly #maxPoints: number;
  #points: Point[] = [];
  #stepMs = FIRST_STEP_MS;

  /** @param maxPoints at least 4; 2000 take 0.3 MB */
  constructor(maxPoints = 2000) {
    this.#maxPoints = Math.max(FEWEST_POINTS, maxPoints);
  }

  /**
   * Adds a moment. One that is earlier than the last begins the run again: the moments before it are dropped.
   *
   * @param number what `series` is asked by; grows
   */
  add(moment: RunMoment, number = 0): void {
    const values = RUN_COLUMNS.map((column) => rounded(runValue(moment, column)));
    this.#add({ elapsedMs: moment.elapsedMs, values, number });
  }

  /** Adds the series of another course: a whole one replaces this one, a later one is appended. */
  addSeries({ elapsedMs, columns }: RunSeries): void {
    elapsedMs.forEach((ms, at) => {
      this.#add({ elapsedMs: ms, values: RUN_COLUMNS.map((column) => columns[column]?.[at] ?? null), number: 0 });
    });
  }

  /** @param after points with a greater number only @default all */
  series(after = Number.NEGATIVE_INFINITY): RunSeries {
    const points = this.#points.filter(({ number }) => number > after);
    const columns = {} as Record<RunColumn, (number | null)[]>;
    RUN_COLUMNS.forEach((column, index) => {
      columns[column] = points.map(({ values }) => values[index] ?? null);
    });
    return { elapsedMs: points.map(({ elapsedMs }) => elapsedMs), columns };
  }

  clear(): void {
    this.#points = [];
    this.#stepMs = FIRST_STEP_MS;
  }

  #add(point: Point): void {
    const last = this.#points.at(-1);
    if (last !== undefined && point.elapsedMs < last.elapsedMs) this.clear();
    else if (last !== undefined && (point.elapsedMs === last.elapsedMs || !this.#isFirst(this.#points.length - 1)))
      this.#points.pop();
    this.#points.push(point);
    while (this.#points.length > this.#maxPoints) this.#thin();
  }

  /** Whether it is the first of its step, as every kept point but the newest is. */
  #isFirst(index: number): boolean {
    const before = this.#points[index - 1];
    return before === undefined || this.#stepOf(before) !== this.#stepOf(this.#points[index]!);
  }

  #thin(): void {
    this.#stepMs *= 2;
    const newest = this.#points.length - 1;
    this.#points = this.#points.filter((_, index) => index === newest || this.#isFirst(index));
  }

  #stepOf({ elapsedMs }: Point): number {
    return Math.floor(elapsedMs / this.#stepMs);
  }
}

/** Six digits are more than a chart shows, and a third of the bytes. */
function rounded(value: number | null): number | null {
  return value === null || Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
