import { percentile } from "./table.ts";

/** What the server did: when it stalled, and for each request when it had it and when it answered, in us since the first. */
export interface ServerLog {
  readonly stallsUs: readonly (readonly [fromUs: number, toUs: number])[];
  /** Pairs: arrived, answered. */
  readonly timesUs: Float64Array;
}

export interface Percentiles {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
}

/** An open load: one request each 1 / perSecond, for so long. */
export interface OpenLoad {
  readonly perSecond: number;
  readonly seconds: number;
}

/**
 * Computes how long requests wait from their planned moments on, if they are planned evenly, sent at once and served in their order
 * by a server that does nothing while it stalls.
 *
 * ```text
 *   planned    | | | | | | | | | | | | | | | |      one each 1 / perSecond
 *   server     ─────────┤  stalls  ├┬┬┬┬┬┬────      then what waits, one each `serviceUs`
 *   waits           0 0 ▁ ▇ ▆ ▅ ▄ ▃ ▂ ▁ 0 0          from planned to answered
 * ```
 *
 * @param serviceUs from one answer to the next while others wait
 * @param wayUs what an answer takes in any case
 */
export function plannedWaitsUs(
  { perSecond, seconds }: OpenLoad,
  stallsUs: ServerLog["stallsUs"],
  serviceUs: number,
  wayUs: number,
): Float64Array {
  const waits = new Float64Array(Math.floor(perSecond * seconds));
  let next = 0;
  let freeUs = 0;
  for (let index = 0; index < waits.length; index++) {
    const plannedUs = (index * 1e6) / perSecond;
    let beginsUs = Math.max(plannedUs, freeUs);
    while (next < stallsUs.length && stallsUs[next]![1] <= beginsUs) next += 1;
    const stall = stallsUs[next];
    if (stall !== undefined && beginsUs >= stall[0]) beginsUs = stall[1];
    freeUs = beginsUs + serviceUs;
    waits[index] = beginsUs - plannedUs + wayUs;
  }
  return waits;
}

/** The same for a server of which one in `slowEvery` answers is late by itself, and none waits for another. */
export function slowWaitsUs(
  { perSecond, seconds }: OpenLoad,
  slowEvery: number,
  pauseUs: number,
  wayUs: number,
): Float64Array {
  return Float64Array.from({ length: Math.floor(perSecond * seconds) }, (_, index) =>
    (index + 1) % slowEvery === 0 ? pauseUs + wayUs : wayUs,
  );
}

/** What the server itself says: how long each request waited from when the kernel had it. */
export function servedUs({ timesUs }: ServerLog): Float64Array {
  const served = new Float64Array(timesUs.length / 2);
  for (let index = 0; index < served.length; index++) served[index] = timesUs[2 * index + 1]! - timesUs[2 * index]!;
  return served;
}

/** Returns the median time from one answer to the next right after stalls, while as many as `waiting` requests wait. */
export function serviceUs({ stallsUs, timesUs }: ServerLog, waiting: number): number {
  const gaps = stallsUs.flatMap(([, toUs]) => {
    const first = firstAnswerAfter(timesUs, toUs);
    return Array.from({ length: waiting - 1 }, (_, index) => {
      const at = 2 * (first + index) + 1;
      return timesUs[at + 2]! - timesUs[at]!;
    });
  });
  return percentile(gaps.filter(Number.isFinite), 0.5);
}

export function percentilesOf(valuesUs: Float64Array): Percentiles {
  const sorted = valuesUs.toSorted();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50Us: at(0.5), p99Us: at(0.99), p999Us: at(0.999) };
}

/** The log is in the order of answers. */
function firstAnswerAfter(timesUs: Float64Array, momentUs: number): number {
  let [low, high] = [0, timesUs.length / 2];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timesUs[2 * middle + 1]! < momentUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
