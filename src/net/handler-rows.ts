import { Rows } from "./rows.ts";
import { mustBeWithin } from "./settings.ts";
import type { HandlerCounts } from "./types.ts";

/** Far more than any part counts, small enough for 256 workers. */
const MOST_DOUBLES = 100_000;

/**
 * What a handler counts by itself, a row for each event loop, in memory that outlives a worker.
 *
 * ```text
 *   row of worker 0 │ counters … │ gauges … │ row of worker 1 │ …
 *                                  └ 0 when the worker ends: what it had under way has ended with it
 * ```
 */
export class HandlerRows extends Rows {
  readonly #counters: number;

  /** @param isShared whether threads write the rows @throws {TenkError} `invalid-option` */
  constructor({ counters, gauges = 0 }: HandlerCounts, rows: number, isShared: boolean) {
    mustBeWithin("handlerCounts.counters", counters, MOST_DOUBLES);
    mustBeWithin("handlerCounts.gauges", gauges, MOST_DOUBLES);
    const length = counters + gauges;
    super(length, rows, isShared ? new SharedArrayBuffer(length * rows * 8) : undefined);
    this.#counters = counters;
  }

  /** Live views, by worker. */
  each(): Float64Array[] {
    return Array.from({ length: this.rows }, (_, index) => this.row(index));
  }

  buryWorker(index: number): void {
    this.row(index).fill(0, this.#counters);
  }
}
