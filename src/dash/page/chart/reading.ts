import { duration, moment as momentText, visible, written } from "../format.ts";
import { marksAt } from "./marks.ts";
import type { ChartData, ChartSource, ChartSpec, Line, Values } from "./spec.ts";
import { drawn, unitOf } from "./values.ts";

interface Reading {
  readonly figure: HTMLElement;
  /** With all lines, also those that the reader has hidden. */
  readonly all: ChartSpec;
  /** With the lines that are drawn. */
  readonly spec: ChartSpec;
  readonly source: ChartSource;
  /** The index in the data that is read; null while none is. */
  readonly index: number | null;
  /** Of the cursor in the drawing, in pixels. */
  readonly left: number;
  /** It is on the screen. */
  readonly isSeen: boolean;
}

/** Writes the values at the index, else the latest, into legend and table: only text changes, up to sixty times a second. */
export function readValues({ figure, all, spec, source, index, left, isSeen }: Reading): void {
  const data = source.read();
  if (data === undefined) return;
  const texts = spec.lines.map((line) => `${visible(line.label)} ${valueText(spec, line, data, index)}`);
  showEmpty(figure.querySelector(".nothing")!, spec, data);
  writeValues(figure, all, data, index);
  describe(figure.querySelector(".plot")!, source, data, index, texts);
  showReading(figure.querySelector(".plot")!, { figure, all, spec, source, index, left, isSeen }, data);
}

function showEmpty(note: HTMLElement, { lines, empty }: ChartSpec, data: ChartData): void {
  note.hidden = lines.some((line) => data.values(line, "mean").some((value) => value !== null));
  const text = lines.length === 0 ? "every line is hidden" : (empty ?? "no values in this stretch");
  if (note.textContent !== text) note.textContent = text;
}

function writeValues(figure: HTMLElement, spec: ChartSpec, data: ChartData, index: number | null): void {
  const legend = figure.querySelectorAll<HTMLElement>(".legend .value");
  const cells = figure.querySelectorAll<HTMLElement>("td.value");
  spec.lines.forEach((line, at) => {
    const text = valueText(spec, line, data, index);
    for (const element of [legend[at], cells[at]]) {
      if (element === undefined || element.textContent === text) continue;
      // Mean and maximum take more room than one value: the room is kept, or the drawing would move under the pointer.
      if (data.isOver && index !== null && element.style.minWidth === "")
        element.style.minWidth = `${element.offsetWidth}px`;
      else if (index === null) element.style.minWidth = "";
      element.textContent = text;
    }
  });
}

/** Returns a line's value at the index; else its newest, or mean and maximum where the stretch has ended. */
function valueText(spec: ChartSpec, line: Line, data: ChartData, index: number | null): string {
  const unit = unitOf(spec, line);
  const values = data.values(line, "mean");
  if (index !== null) return written(values[index] ?? null, unit);
  if (!data.isOver) return written(lastOf(values), unit);
  const shown = drawn(values, data);
  if (shown.length === 0) return written(null, unit);
  const highest = data.hasBand ? drawn(data.values(line, "max"), data) : shown;
  const mean = shown.reduce((sum, value) => sum + value, 0) / shown.length;
  return `mean ${written(mean, unit)}, max ${written(Math.max(...highest), unit)}`;
}

/** Sets the spoken value. While nothing is read it stays: screen readers speak whatever changes. */
function describe(
  slider: Element,
  source: ChartSource,
  data: ChartData,
  index: number | null,
  texts: readonly string[],
): void {
  const moment = index === null ? undefined : data.moments[index];
  if (index === null || moment === undefined) {
    if (slider.getAttribute("aria-valuenow") === "100") return;
    slider.setAttribute("aria-valuenow", "100");
    slider.setAttribute("aria-valuetext", data.isOver ? "mean and highest" : "at the last moment");
    return;
  }
  slider.setAttribute("aria-valuenow", String(Math.round((99 * index) / Math.max(1, data.moments.length - 1))));
  const at = source.isElapsed ? `after ${duration(moment * 1000)}` : momentText(moment * 1000);
  const happened = marksAt(source, data, moment, slider).map(({ text }) => `, ${visible(text)}`);
  slider.setAttribute("aria-valuetext", `${at}: ${texts.join(", ")}${happened.join("")}`);
}

/**
 * Shows the moment beside the cursor in all charts of the source, so that it is visible wherever the reader has scrolled. The
 * chart under the pointer shows minimum and maximum of the step too.
 */
function showReading(plot: HTMLElement, { figure, spec, source, index, left, isSeen }: Reading, data: ChartData): void {
  const label = plot.querySelector<HTMLElement>(".reading")!;
  const moment = index === null ? undefined : data.moments[index];
  label.hidden = index === null || moment === undefined;
  if (index === null || moment === undefined) return;
  const isOwn = figure.matches(":hover, :focus-within");
  const at = source.isElapsed ? duration(moment * 1000) : momentText(moment * 1000);
  const rows = isOwn && data.hasBand ? spec.lines.map((line) => extremes(spec, line, data, index)) : [];
  const over = plot.querySelector<HTMLElement>(".u-over");
  const happened = isOwn && over !== null ? marksAt(source, data, moment, over) : [];
  const text = [at, ...rows, ...happened.map((mark) => visible(mark.text))].join("\n");
  if (label.textContent !== text) label.textContent = text;
  // Measuring what has just been written makes the browser lay out the page, once for each chart.
  if (over === null || !isSeen) return;
  // On the side where there is more room, and within the drawing.
  const isLeftHalf = left < over.clientWidth / 2;
  const wanted = over.offsetLeft + (isLeftHalf ? left + GAP : left - GAP - label.offsetWidth);
  label.style.left = `${Math.max(0, Math.min(wanted, plot.clientWidth - label.offsetWidth))}px`;
}

const GAP = 8;

function extremes(spec: ChartSpec, line: Line, data: ChartData, index: number): string {
  const [least, most] = (["min", "max"] as const).map((which) =>
    written(data.values(line, which)[index] ?? null, unitOf(spec, line)),
  );
  return `${visible(line.label)} ${least} to ${most}`;
}

/** Returns the newest value; none when the last few moments have none, for then it is out of date. */
function lastOf(values: Values): number | null {
  for (let at = values.length - 1; at >= Math.max(0, values.length - 4); at -= 1) {
    const value = values[at] ?? null;
    if (value !== null) return value;
  }
  return null;
}
