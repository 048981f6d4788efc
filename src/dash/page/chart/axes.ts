import type uPlot from "uplot";
import { bytes, clock, compact, day, duration, type Unit, written } from "../format.ts";

const AXIS_WIDTH = 50;
const POWERS_OF_TWO = Array.from({ length: 60 }, (_, index) => 2 ** index);

/** A value beside an axis: short, and without the `/s` that the legend has. */
function tick(value: number, unit: Unit): string {
  if (unit === "bytes" || unit === "bytesPerSecond") return value === 0 ? "0" : bytes(value);
  if (unit === "perSecond" || unit === "count") return compact(value);
  return value === 0 ? "0" : written(value, unit);
}

interface Look {
  readonly font: string;
  /** By how much text is larger than usual. */
  readonly scale: number;
  readonly text: string;
  readonly grid: string;
}

export function valueAxis(unit: Unit, look: Look, scale: "left" | "right"): uPlot.Axis {
  return {
    scale,
    side: scale === "left" ? 3 : 1,
    size: AXIS_WIDTH * look.scale,
    gap: 6,
    font: look.font,
    stroke: look.text,
    space: 34 * look.scale,
    grid: { show: scale === "left", stroke: look.grid, width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((value) => tick(value, unit)),
    ...(unit === "bytes" || unit === "bytesPerSecond" ? { incrs: POWERS_OF_TWO } : {}),
    // Half a connection is none.
    ...(unit === "count" ? { incrs: wholeSteps() } : {}),
  };
}

function wholeSteps(): number[] {
  return Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
}

export function timeAxis(isElapsed: boolean, look: Look): uPlot.Axis {
  return {
    scale: "x",
    size: 24 * look.scale,
    gap: 4,
    font: look.font,
    stroke: look.text,
    space: (_, __, from, to, pixels) => labelSpace((to - from) / pixels, isElapsed) * look.scale,
    grid: { show: false },
    ticks: { show: true, stroke: look.grid, size: 4, width: 1 },
    values: (_, splits, __, ___, step) => splits.map((at, index) => timeTick(at, splits[index - 1], step, isElapsed)),
    incrs: TIME_STEPS,
  };
}

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 28].map((days) => days * DAY),
];
/** Pixels from one label to the next, short as `13:45` and `45 s` or long as `13:45:09` and `1 min 30 s`. */
const [SHORT, LONG] = [42, 66];

function labelSpace(secondsPerPixel: number, isElapsed: boolean): number {
  const isBelowMinute = secondsPerPixel * SHORT < MINUTE / 2;
  return isBelowMinute === isElapsed ? SHORT : LONG;
}

/** The day is written where it begins, the time elsewhere. */
function timeTick(at: number, before: number | undefined, step: number, isElapsed: boolean): string {
  if (isElapsed) return at === 0 ? "0" : duration(at * 1000);
  const isNewDay = new Date(at * 1000).getDate() !== new Date((before ?? at) * 1000).getDate();
  if (step >= 86_400 || isNewDay) return day(at * 1000);
  return clock(at * 1000, step < 60);
}
