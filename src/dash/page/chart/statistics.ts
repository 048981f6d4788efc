import type { Unit } from "../format.ts";
import type { ChartData, ChartSpec, Line } from "./spec.ts";
import { drawn, unitOf } from "./values.ts";

/** What a line did over the time that is drawn; null where it has no value there. */
export interface Statistics {
  readonly min: number | null;
  readonly mean: number | null;
  /** Of the means of the steps. */
  readonly p95: number | null;
  readonly max: number | null;
  readonly last: number | null;
  /** Of a rate, in `totalUnit`: what it came to. */
  readonly total: number | null;
}

/** What a rate of this unit adds up to; undefined for what is no rate. */
export function totalUnit(unit: Unit): Unit | undefined {
  if (unit === "perSecond") return "count";
  return unit === "bytesPerSecond" ? "bytes" : undefined;
}

/** Lowest and highest are those of single seconds where the steps know them. */
export function statisticsOf(spec: ChartSpec, line: Line, data: ChartData): Statistics {
  const means = drawn(data.values(line, "mean"), data);
  if (means.length === 0) return { min: null, mean: null, p95: null, max: null, last: null, total: null };
  const [lows, highs] = data.hasBand
    ? [drawn(data.values(line, "min"), data), drawn(data.values(line, "max"), data)]
    : [means, means];
  const sum = means.reduce((all, value) => all + value, 0);
  const sorted = means.toSorted((one, other) => one - other);
  return {
    min: Math.min(...lows),
    mean: sum / means.length,
    p95: sorted[Math.ceil(sorted.length * 0.95) - 1]!,
    max: Math.max(...highs),
    last: means.at(-1)!,
    total: totalUnit(unitOf(spec, line)) === undefined ? null : sum * stepSeconds(data),
  };
}

/** Of the median pair of neighbours: the points of a run are not quite regular. */
function stepSeconds({ moments }: ChartData): number {
  const steps = moments.slice(1).map((moment, at) => moment - moments[at]!);
  return steps.toSorted((one, other) => one - other)[Math.floor(steps.length / 2)] ?? 1;
}
