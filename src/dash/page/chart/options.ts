import type uPlot from "uplot";
import { colour, faded, scale } from "../appearance.ts";
import type { Unit } from "../format.ts";
import { AXIS_WIDTH, labelOverhang, timeAxis, valueAxis } from "./axes.ts";
import { lonely } from "./lonely.ts";
import { drawMarks } from "./marks.ts";
import type { ChartData, ChartSource, ChartSpec, Line, Values } from "./spec.ts";

const TEXT_PIXELS = 11;
const LAYER_ALPHA = 0.62;
/** Nearly opaque: as pale as the others, this tone would look like its neighbour below. */
const INK_ALPHA = 0.97;
const DASHES = [6, 4];
const HEADROOM = 1.08;
/** More on the right, so that two curves of the same shape do not cover each other. */
const RIGHT_HEADROOM = 1.3;
/** A drag shorter than this is a click. */
const DRAG_PIXELS = 5;
/** The shortest zoom. */
const LEAST_SECONDS = 5;

export interface PlotWords {
  readonly spec: ChartSpec;
  readonly source: ChartSource;
  readonly hasBand: boolean;
  readonly width: number;
  readonly height: number;
  /** Called with the index in the data under the pointer, or null. */
  readonly moved: (index: number | null) => void;
}

/** uPlot's options for a chart: x, then a pair (highest, lowest) for each band, then the lines. */
export function plotOptions({ spec, source, hasBand, width, height, moved }: PlotWords): uPlot.Options {
  const grown = scale();
  const font = `${Math.round(TEXT_PIXELS * grown)}px ${getComputedStyle(document.body).fontFamily}`;
  const look = { font, scale: grown, text: colour("muted"), grid: colour("grid") };
  const isRight = spec.lines.some(({ axis }) => axis === "right");
  const rightLine = spec.lines.find(({ axis }) => axis === "right");
  // With two axes each has the colour of its line.
  const toned = (line: Line | undefined) =>
    line === undefined ? look : { ...look, text: colour(`tone-${line.tone}`) };
  const leftLine = isRight ? spec.lines.find(({ axis }) => axis !== "right") : undefined;
  const axes = [timeAxis(source.isElapsed, look), valueAxis(spec.unit, toned(leftLine), "left")];
  if (rightLine) axes.push(valueAxis(spec.rightUnit ?? spec.unit, toned(rightLine), "right"));
  const banded = hasBand && spec.isStacked !== true ? spec.lines : [];
  return {
    width,
    height,
    padding: [8 * grown, isRight ? 4 * grown : (plot) => overhang(plot, source.isElapsed, look.font), 0, 0],
    legend: { show: false },
    // Times are in the reader's time zone.
    tzDate: (seconds) => new Date(seconds * 1000),
    scales: {
      x: { time: !source.isElapsed, auto: false, range: () => shown(source) },
      left: { range: (_, __, highest) => [0, spec.top ?? ceiling(highest, spec.unit)] },
      ...(isRight
        ? {
            right: {
              range: (_: uPlot, __: number, highest: number) =>
                [0, ceiling(highest, spec.rightUnit ?? spec.unit, RIGHT_HEADROOM)] as [number, number],
            },
          }
        : {}),
    },
    axes,
    series: [{}, ...banded.flatMap((line) => [edge(line), edge(line)]), ...spec.lines.map((line) => drawn(line, spec))],
    bands: [...banded.map((line, index) => band(line, index)), ...stackBands(spec)],
    cursor: {
      y: false,
      sync: { key: source.id, setSeries: false, scales: ["x", null] },
      drag: { x: true, y: false, setScale: false, dist: DRAG_PIXELS },
      points: { size: 7, width: 1.5 },
      bind: { dblclick: () => () => reset(source) },
      focus: { prox: -1 },
    },
    hooks: {
      setCursor: [
        (plot) => moved(plot.cursor.left !== undefined && plot.cursor.left >= 0 ? (plot.cursor.idx ?? null) : null),
      ],
      setSelect: [(plot) => select(plot, source)],
      draw: [(plot) => drawMarks(plot, source)],
    },
  };
}

/** Beside a drawing without a right axis there must be room for half of the last label. */
function overhang(plot: uPlot, isElapsed: boolean, font: string): number {
  const { min, max } = plot.scales.x!;
  if (typeof min !== "number" || typeof max !== "number") return 0;
  return labelOverhang({ from: min, to: max, pixels: Math.max(1, plot.width - AXIS_WIDTH), isElapsed, font });
}

function shown(source: ChartSource): [number, number] {
  const data = source.read();
  return data === undefined || data.to <= data.from ? [0, 1] : [data.from, data.to];
}

/** The top of the axis where all values are zero: a usual amount rather than a byte or a microsecond. */
const SMALLEST: Readonly<Record<Unit, number>> = {
  count: 1,
  perSecond: 1,
  bytes: 1024,
  bytesPerSecond: 1024,
  share: 0.01,
  percent: 1,
  seconds: 0.001,
  us: 1000,
  celsius: 1,
  load: 1,
};

/** Somewhat above the highest value. */
function ceiling(highest: number | null, unit: Unit, headroom = HEADROOM): number {
  if (highest === null || !(highest > 0)) return SMALLEST[unit];
  return highest * headroom;
}

function edge(line: Line): uPlot.Series {
  return { scale: line.axis ?? "left", width: 0, points: { show: false }, spanGaps: false };
}

function band(line: Line, index: number): uPlot.Band {
  return { series: [1 + index * 2, 2 + index * 2], fill: faded(colour(`tone-${line.tone}`), 0.22) };
}

function drawn(line: Line, spec: ChartSpec): uPlot.Series {
  const tone = colour(`tone-${line.tone}`);
  const isBottom = spec.lines[0] === line;
  // Layers differ by their area: the edge of an empty one would cover the one below.
  if (spec.isStacked === true) {
    return { ...edge(line), label: line.label, stroke: tone, ...(isBottom ? { fill: layer(line) } : {}) };
  }
  return {
    label: line.label,
    scale: line.axis ?? "left",
    stroke: tone,
    width: 1.5,
    spanGaps: false,
    // A single second between two gaps would be invisible as a line.
    points: { show: false, size: 4, fill: tone, filter: (plot, at) => lonely(plot.data[at]!) },
    ...(line.isDashed === true ? { dash: DASHES } : {}),
    ...(line.isFilled === true ? { fill: faded(tone, 0.1) } : {}),
  };
}

function stackBands(spec: ChartSpec): uPlot.Band[] {
  if (spec.isStacked !== true) return [];
  return spec.lines.slice(1).map((line, index) => ({
    series: [index + 2, index + 1],
    fill: layer(line),
  }));
}

function layer({ tone }: Line): string {
  return faded(colour(`tone-${tone}`), tone === "ink" ? INK_ALPHA : LAYER_ALPHA);
}

function select(plot: uPlot, source: ChartSource): void {
  const { left, width } = plot.select;
  if (width < DRAG_PIXELS) return;
  const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  // All charts of the source mark the same stretch: one of them reports it.
  if (plot.cursor.event === undefined || plot.cursor.event === null) return;
  // Narrower than a few of its points, a chart shows nothing.
  const short = Math.max(0, LEAST_SECONDS - (to - from)) / 2;
  source.zoom(from - short, to + short);
}

/** The source decides which stretch is shown; uPlot alone would show all data. */
function reset(source: ChartSource): null {
  source.reset();
  return null;
}

/** Returns the data in the order of `plotOptions`. */
export function plotData(spec: ChartSpec, data: ChartData): uPlot.AlignedData {
  const banded = data.hasBand && spec.isStacked !== true ? spec.lines : [];
  const edges = banded.flatMap((line) => [data.values(line, "max"), data.values(line, "min")]);
  const means = spec.lines.map((line) => data.values(line, "mean"));
  const lines = spec.isStacked === true ? stacked(means) : means;
  return [data.moments, ...edges, ...lines] as uPlot.AlignedData;
}

/** Returns the values of each layer on top of those before it. */
export function stacked(layers: readonly Values[]): Values[] {
  const result: Values[] = [];
  for (const layer of layers) {
    const below = result.at(-1);
    result.push(
      below === undefined ? layer : layer.map((value, at) => (value === null ? null : value + (below[at] ?? 0))),
    );
  }
  return result;
}
