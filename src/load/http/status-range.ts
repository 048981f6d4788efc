import { TenkError } from "../../base/mod.ts";

/** Statuses from one to another, both included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads statuses that are expected: `200`, `2xx`, `200-299`, several with commas.
 *
 * @throws {TenkError} `usage`
 * @example
 * parseStatusRanges("2xx,304"); // [{ from: 200, to: 299 }, { from: 304, to: 304 }]
 */
export function parseStatusRanges(text: string): StatusRange[] {
  return text.split(",").map((part) => {
    const [, first, hundreds, last] = /^\s*(?:([1-5])xx|([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?)\s*$/i.exec(part) ?? [];
    if (first !== undefined) return { from: Number(first) * 100, to: Number(first) * 100 + 99 };
    const from = Number(hundreds);
    const to = last === undefined ? from : Number(last);
    if (hundreds !== undefined && from <= to) return { from, to };
    throw new TenkError(
      "usage",
      `Cannot read "${text}" as statuses: expected 200, 2xx, 200-299 or several with commas`,
    );
  });
}
