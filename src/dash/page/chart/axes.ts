import type uPlot from "uplot";
import { clock, compact, day, duration, type Unit, written } from "../format.ts";

export const AXIS_WIDTH = 50;
const GAP = 6;
const POWERS_OF_TWO = Array.from({ length: 60 }, (_, index) => 2 ** index);

/** A value beside an axis: short, and for counts without the `/s` that the legend has. */
function tick(value: number, unit: Unit): string {
  if (unit === "bytes" || unit === "bytesPerSecond") return value === 0 ? "0" : written(value, unit);
  if (unit === "perSecond" || unit === "count") return compact(value);
  return value === 0 ? "0" : written(value, unit);
}

interface Look {
  readonly font: string;
  /** Text is larger than usual by this factor. */
  readonly scale: number;
  readonly text: string;
  readonly grid: string;
}

export function valueAxis(unit: Unit, look: Look, scale: "left" | "right"): uPlot.Axis {
  return {
    scale,
    side: scale === "left" ? 3 : 1,
    // The same in all charts, so that their drawings line up; more where a label would be cut.
    size: (_, labels) =>
      Math.max(
        AXIS_WIDTH * look.scale,
        ...(labels ?? []).map((label) => Math.ceil(widthOf(label, look.font)) + 2 * GAP),
      ),
    gap: GAP,
    font: look.font,
    stroke: look.text,
    space: 34 * look.scale,
    grid: { show: scale === "left", stroke: look.grid, width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((value) => tick(value, unit)),
    ...(unit === "bytes" || unit === "bytesPerSecond" ? { incrs: POWERS_OF_TWO } : {}),
    // Counts have no fractions.
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
    space: (_, __, from, to, pixels) => labelSpace({ from, to, pixels, isElapsed, font: look.font }),
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
/** Between two labels, in widths of a digit. */
const GAP_DIGITS = 2;

interface TimeScale {
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
  readonly isElapsed: boolean;
  readonly font: string;
}

/** Returns the pixels from one label to the next: those of the finest step whose labels do not touch. */
function labelSpace(scale: TimeScale): number {
  const { from, to, pixels, font } = scale;
  const gap = widthOf("0", font) * GAP_DIGITS;
  for (const step of TIME_STEPS) {
    const space = (step * pixels) / (to - from);
    if (space >= widest(scale, step) + gap) return Math.floor(space);
  }
  return pixels;
}

/** Returns half of the widest label: the room that a label at the end of the axis needs beside the drawing. */
export function labelOverhang(scale: TimeScale): number {
  const space = labelSpace(scale);
  const step = TIME_STEPS.find((each) => (each * scale.pixels) / (scale.to - scale.from) >= space) ?? DAY;
  return Math.ceil(widest(scale, step) / 2);
}

/** Returns the widest label at multiples of a step; of very many only the last are measured, which are the longest. */
function widest({ from, to, isElapsed, font }: TimeScale, step: number): number {
  const last = Math.floor(to / step);
  const first = Math.max(Math.ceil(from / step), last - MOST_MEASURED);
  let width = 0;
  for (let at = first; at <= last; at += 1) {
    const before = at === first ? undefined : (at - 1) * step;
    width = Math.max(width, widthOf(timeTick(at * step, before, step, isElapsed), font));
  }
  return width;
}

const MOST_MEASURED = 24;

const widths = new Map<string, number>();
const MOST_WIDTHS = 2000;
let measuring: CanvasRenderingContext2D | null = null;

/** Measured once for each shape: all digits are equally wide. */
function widthOf(text: string, font: string): number {
  const shape = text.replace(/\d/g, "0");
  const known = widths.get(font + shape);
  if (known !== undefined) return known;
  measuring ??= document.createElement("canvas").getContext("2d");
  if (measuring === null) return shape.length * MIN_DIGIT_PIXELS;
  measuring.font = font;
  const { width } = measuring.measureText(shape);
  if (widths.size >= MOST_WIDTHS) widths.clear();
  widths.set(font + shape, width);
  return width;
}

/** Of a digit, where nothing can be measured. */
const MIN_DIGIT_PIXELS = 7;

/** A label is the day where a day begins, and first where it is not today; else the time. */
function timeTick(at: number, before: number | undefined, step: number, isElapsed: boolean): string {
  if (isElapsed) return at === 0 ? "0" : duration(at * 1000);
  const isNewDay = day(at * 1000) !== day(before === undefined ? Date.now() : before * 1000);
  if (step >= 86_400 || isNewDay) return day(at * 1000);
  return clock(at * 1000, step < 60);
}
