import type { LiveSecond, SeriesAnswer } from "../api.ts";

/** The values of one series on the frame's grid; null is a gap. */
export interface Column {
  readonly min: (number | null)[];
  readonly mean: (number | null)[];
  readonly max: (number | null)[];
}

/** Series on one grid of moments, so that all charts share their time axis. */
export interface Frame {
  readonly stepMs: number;
  /** How much time it holds; older moments drop out as seconds arrive. */
  readonly spanMs: number;
  /** The grid, in seconds since 1970, as charts want it. */
  readonly moments: number[];
  readonly columns: Map<string, Column>;
  /** How many seconds the last moment holds, for its mean. */
  secondsInLast: number;
}

type Words = Readonly<{ fromMs: number; toMs: number; stepMs: number; keys: readonly string[] }>;

/** A frame without values. */
export function emptyFrame({ fromMs, toMs, stepMs, keys }: Words): Frame {
  const first = Math.floor(fromMs / stepMs) * stepMs;
  const count = Math.floor((toMs - first) / stepMs) + 1;
  const moments = Array.from({ length: count }, (_, index) => (first + index * stepMs) / 1000);
  const gaps = () => new Array<number | null>(count).fill(null);
  const columns = new Map(keys.map((key) => [key, { min: gaps(), mean: gaps(), max: gaps() }]));
  // The last step has begun already: it counts as if it had one value.
  return { stepMs, spanMs: toMs - first, moments, columns, secondsInLast: Math.max(1, (toMs % stepMs) / 1000) };
}

/** An answer of `/api/series` on a grid of its step. A moment without a value stays a gap. */
export function frameOf(answer: SeriesAnswer, words: Omit<Words, "stepMs">): Frame {
  const frame = emptyFrame({ ...words, stepMs: answer.stepMs });
  for (const { key, t, min, mean, max } of answer.series) {
    const column = frame.columns.get(key);
    if (column === undefined) continue;
    for (let index = 0; index < t.length; index += 1) {
      const place = placeOf(frame, t[index]!);
      if (place < 0 || place >= frame.moments.length) continue;
      column.min[place] = min[index] ?? null;
      column.mean[place] = mean[index] ?? null;
      column.max[place] = max[index] ?? null;
    }
  }
  return frame;
}

function placeOf(frame: Frame, timeMs: number): number {
  return Math.floor((timeMs - frame.moments[0]! * 1000 + 0.5) / frame.stepMs);
}

/**
 * Adds a second of `/api/live`: at the end, which moves the frame on, or, where it is sent again after an interruption, in
 * the gap it left.
 *
 * @param read the second's value of a series, null for none
 */
export function addSecond(frame: Frame, second: Pick<LiveSecond, "t">, read: (key: string) => number | null): void {
  const place = placeOf(frame, second.t);
  if (place < 0) return;
  const last = frame.moments.length - 1;
  if (place > last) extend(frame, place - last);
  else if (place < last && frame.stepMs > 1000) return; // its step is complete: the response of /api/series has it
  const at = Math.min(place, frame.moments.length - 1);
  for (const [key, column] of frame.columns)
    merge(column, at, read(key), frame.stepMs > 1000 ? frame.secondsInLast : 0);
  frame.secondsInLast += 1;
  dropOld(frame);
}

/** Moments that would drop out again at once, after a weekend asleep, are never added. */
function extend(frame: Frame, count: number): void {
  const skipped = Math.max(0, count - mostOf(frame));
  let at = frame.moments.at(-1)! + (skipped * frame.stepMs) / 1000;
  if (skipped > 0) dropFirst(frame, frame.moments.length);
  for (let index = skipped; index < count; index += 1) {
    at += frame.stepMs / 1000;
    frame.moments.push(at);
    for (const { min, mean, max } of frame.columns.values()) {
      min.push(null);
      mean.push(null);
      max.push(null);
    }
  }
  frame.secondsInLast = 0;
}

function merge(column: Column, at: number, value: number | null, count: number): void {
  if (value === null) return;
  const before = column.mean[at] ?? null;
  if (before === null || count === 0) {
    column.min[at] = column.mean[at] = column.max[at] = value;
    return;
  }
  column.min[at] = Math.min(column.min[at] ?? value, value);
  column.max[at] = Math.max(column.max[at] ?? value, value);
  column.mean[at] = (before * count + value) / (count + 1);
}

function dropOld(frame: Frame): void {
  const tooMany = frame.moments.length - mostOf(frame);
  if (tooMany > 0) dropFirst(frame, tooMany);
}

function mostOf({ spanMs, stepMs }: Frame): number {
  return Math.floor(spanMs / stepMs) + 1;
}

function dropFirst(frame: Frame, count: number): void {
  frame.moments.splice(0, count);
  for (const { min, mean, max } of frame.columns.values()) {
    min.splice(0, count);
    mean.splice(0, count);
    max.splice(0, count);
  }
}

/** Adds series up at each moment and subtracts others; a gap where none of the first or any of the others has no value. */
export function combined(
  frame: Frame,
  { keys, minus = [] }: { readonly keys: readonly string[]; readonly minus?: readonly string[] },
  which: keyof Column,
): readonly (number | null)[] {
  const sum = summed(frame, keys, which);
  if (minus.length === 0) return sum;
  // The minimum of a difference subtracts the maximum.
  const taken = summed(frame, minus, which === "min" ? "max" : which === "max" ? "min" : "mean");
  return sum.map((value, at) => {
    const less = taken[at] ?? null;
    return value === null || less === null ? null : value - less;
  });
}

function summed(frame: Frame, keys: readonly string[], which: keyof Column): readonly (number | null)[] {
  const found = keys.map((key) => frame.columns.get(key)?.[which]).filter((values) => values !== undefined);
  if (found.length === 1) return found[0]!;
  return frame.moments.map((_, index) => {
    let sum: number | null = null;
    for (const values of found) {
      const value = values[index];
      if (value !== null && value !== undefined) sum = (sum ?? 0) + value;
    }
    return sum;
  });
}

/** The last answer of `firstDataOf` for each frame: every chart asks. */
const firsts = new WeakMap<Frame, { readonly from: number | undefined; readonly count: number; readonly at: number }>();

/** Returns the moment of the first value of any series; undefined where there is none. */
export function firstDataOf(frame: Frame): number | undefined {
  const { moments, columns } = frame;
  const known = firsts.get(frame);
  if (known !== undefined && known.from === moments[0] && known.count === moments.length) return moments[known.at];
  let at = moments.length;
  for (const { mean } of columns.values()) {
    const found = mean.findIndex((value) => value !== null);
    if (found >= 0 && found < at) at = found;
    if (at === 0) break;
  }
  firsts.set(frame, { from: moments[0], count: moments.length, at });
  return moments[at];
}
