import { CHAIN_COUNTS } from "../chain/mod.ts";

/** Adds up the rows of all threads. */
export function sumOfRows(rows: Float64Array): Float64Array {
  const sum = new Float64Array(CHAIN_COUNTS);
  for (let at = 0; at < rows.length; at++) sum[at % CHAIN_COUNTS]! += rows[at]!;
  return sum;
}
