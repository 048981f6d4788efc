import type { ConnectionRow } from "../../../tcp-api.ts";

/** The traffic of one connection now. */
export interface Rate {
  readonly readPerSecond: number;
  readonly writtenPerSecond: number;
}

/** By `keyOf` a connection. */
export type Rates = ReadonlyMap<string, Rate>;
export const NO_RATES: Rates = new Map();

/** Looks closer together say little of a second. */
const LEAST_MS = 500;

type Counted = Pick<ConnectionRow, "id" | "worker" | "bytesRead" | "bytesWritten">;

/** Ids are counted by each worker. */
export function keyOf({ worker, id }: Pick<Counted, "id" | "worker">): string {
  return `${worker}.${id}`;
}

/** Computes rates from the totals of one look and the next. */
export class RateMeter {
  #listener = "";
  #last = new Map<string, { readonly atMs: number; readonly row: Counted }>();
  #rates: Rates = NO_RATES;

  /** @returns the rates of connections that an earlier look had too */
  add(listener: string, rows: readonly Counted[], atMs: number): Rates {
    if (listener !== this.#listener) this.#last.clear();
    this.#listener = listener;
    const [last, rates] = [new Map(this.#last), new Map<string, Rate>()];
    this.#last.clear();
    for (const row of rows) {
      const key = keyOf(row);
      const before = last.get(key);
      const isSoon = before !== undefined && atMs - before.atMs < LEAST_MS;
      this.#last.set(key, isSoon ? before : { atMs, row });
      const known = isSoon ? this.#rates.get(key) : rateOf(row, before, atMs);
      if (known !== undefined) rates.set(key, known);
    }
    this.#rates = rates;
    return rates;
  }
}

function rateOf(
  row: Counted,
  before: { readonly atMs: number; readonly row: Counted } | undefined,
  atMs: number,
): Rate | undefined {
  if (before === undefined) return undefined;
  const each = (now: number, then: number) => Math.max(0, ((now - then) * 1000) / (atMs - before.atMs));
  return {
    readPerSecond: each(row.bytesRead, before.row.bytesRead),
    writtenPerSecond: each(row.bytesWritten, before.row.bytesWritten),
  };
}
