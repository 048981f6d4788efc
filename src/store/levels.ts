/** One resolution of the history on disk. A row holds some series over one block: `points` steps each. */
export interface Level {
  readonly table: string;
  readonly stepMs: number;
  readonly points: number;
  readonly blockMs: number;
  /** How long a block is kept after it ended. */
  readonly keepMs: number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function level(table: string, stepMs: number, points: number, keepMs: number): Level {
  return { table, stepMs, points, blockMs: stepMs * points, keepMs };
}

/**
 * Finest first. A finished block is rolled up from the blocks of the finer level that lie in it. Until then it is read from
 * the finer level, so that a crash loses nothing. Each level is kept a little longer than promised, since blocks are deleted as
 * a whole and a chart of a day begins slightly more than a day ago.
 */
export const LEVELS: readonly Level[] = [
  level("ten_seconds", 10 * SECOND_MS, 30, DAY_MS + HOUR_MS),
  level("minutes", MINUTE_MS, 60, 7 * DAY_MS + HOUR_MS),
  level("quarter_hours", 15 * MINUTE_MS, 96, 90 * DAY_MS),
];

export const FINEST = LEVELS[0]!;

/**
 * Series per row, by their numbers, so that a block usually is one row. One row per series would cost 15 bytes of SQLite's and
 * the unused rest of its page, a fifth of all bytes written. And a value longer than a page lies in overflow pages, which can be
 * freed without being written.
 */
export const ROW_SERIES = 512;

/** Rows per block stay below this. A row's key is the integer `block * ROWS_LIMIT + row`, so rows are appended in order. */
export const ROWS_LIMIT = 2 ** 20;

export function blockOf({ blockMs }: Level, atMs: number): number {
  return Math.floor(atMs / blockMs);
}

/** Returns the coarsest level that is at least as fine as `stepMs`, else the finest. */
export function levelFor(stepMs: number): number {
  return Math.max(
    0,
    LEVELS.findLastIndex((each) => each.stepMs <= stepMs),
  );
}
