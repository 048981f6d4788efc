import type { Unit } from "../format.ts";
import type { ChartData, ChartSpec, Line, Values } from "./spec.ts";

/** Returns the values of a line within the time axis. */
export function drawn(values: Values, { moments, from, to }: ChartData): number[] {
  return values.filter((value, at): value is number => value !== null && moments[at]! >= from && moments[at]! <= to);
}

/** Returns the unit of a line: that of its axis. */
export function unitOf(spec: ChartSpec, line: Line): Unit {
  return line.axis === "right" ? (spec.rightUnit ?? spec.unit) : spec.unit;
}
