import type uPlot from "uplot";
import { colour, faded, scale } from "../appearance.ts";
import type { ChartData, ChartSource, SourceMark, Tone } from "./spec.ts";

const TONES: Readonly<Record<SourceMark["kind"], Tone>> = {
  start: "red",
  stop: "red",
  reload: "violet",
  upgrade: "violet",
  run: "green",
  state: "amber",
};
const DASHES = [3, 3];
const SPAN_ALPHA = 0.1;
/** Of the pointer from a mark that it reads. */
const NEAR_PIXELS = 5;

/** Draws a dashed line with a flag at each mark, and a band where something lasted. */
export function drawMarks(plot: uPlot, source: ChartSource): void {
  const marks = source.marks?.() ?? [];
  const { min, max } = plot.scales.x!;
  if (marks.length === 0 || typeof min !== "number" || typeof max !== "number") return;
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const flag = 4 * scale() * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(DASHES.map((pixels) => pixels * devicePixelRatio));
  for (const { from, to, kind } of marks) {
    if (to < min || from > max) continue;
    const tone = colour(`tone-${TONES[kind]}`);
    const [start, end] = [from, to].map((moment) => Math.round(plot.valToPos(moment, "x", true)));
    if (end! > start!) {
      ctx.fillStyle = faded(tone, SPAN_ALPHA);
      ctx.fillRect(start!, top, end! - start!, height);
    }
    ctx.strokeStyle = ctx.fillStyle = tone;
    ctx.beginPath();
    ctx.moveTo(start! + 0.5, top);
    ctx.lineTo(start! + 0.5, top + height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(start!, top);
    ctx.lineTo(start! + flag * 1.5, top + flag);
    ctx.lineTo(start!, top + flag * 2);
    ctx.fill();
  }
  ctx.restore();
}

/**
 * Returns what happened at a moment that is read: within half a step of the data or a few pixels, or while it lasted.
 *
 * @param drawing is measured only where there are marks: that makes the browser lay out the page
 */
export function marksAt(source: ChartSource, data: ChartData, moment: number, drawing: Element): readonly SourceMark[] {
  const marks = source.marks?.() ?? [];
  if (marks.length === 0) return marks;
  const step = (data.moments[1] ?? 0) - (data.moments[0] ?? 0);
  const near = Math.max(step / 2, (NEAR_PIXELS * (data.to - data.from)) / Math.max(1, drawing.clientWidth));
  return marks.filter(({ from, to }) => moment >= from - near && moment <= Math.max(to, from + near));
}
