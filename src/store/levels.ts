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
 * Finest first. A block of one is rolled up from all blocks of the one before that lie in it, once it is over: what is not
 * rolled up yet is read from the finer ones, so that nothing is lost with the process. Each is kept a little longer than
 * promised, since blocks go as a whole and a chart of a day begins a moment more than a day ago.
 */
export const LEVELS: readonly Level[] = [
  level("ten_seconds", 10 * SECOND_MS, 30, DAY_MS + HOUR_MS),
  level("minutes", MINUTE_MS, 60, 7 * DAY_MS + HOUR_MS),
  level("quarter_hours", 15 * MINUTE_MS, 96, 90 * DAY_MS),
];

export const FINEST = LEVELS[0]!;

/**
 * So many series with neighbouring numbers share a row, so that a block of a usual box is one. A row of its own for each costs
 * 15 bytes of SQLite's and the rest of its page: a fifth of all that goes to the disk. And what is longer than a page lies
 * in pages that can be forgotten without being written.
 */
export const ROW_SERIES = 512;

/** Numbers of rows stay below; a row's key is `block * ROWS_LIMIT + row`, one integer, so rows are appended in order. */
export const ROWS_LIMIT = 2 ** 20;

export function blockOf({ blockMs }: Level, atMs: number): number {
  return Math.floor(atMs / blockMs);
}

/** The coarsest level that is at least as fine as `stepMs`; the finest where none is. */
export function levelFor(stepMs: number): number {
  return Math.max(
    0,
    LEVELS.findLastIndex((each) => each.stepMs <= stepMs),
  );
}
