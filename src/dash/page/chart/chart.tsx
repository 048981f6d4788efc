import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { appearance, REM_PIXELS } from "../appearance.ts";
import { visible } from "../format.ts";
import { Details } from "./details.tsx";
import { hiddenOf, isOpen, keepHidden, keepOpen } from "./hidden.ts";
import { keyboard } from "./keyboard.ts";
import { Legend } from "./legend.tsx";
import { onScreen } from "./on-screen.ts";
import { plotData, plotOptions } from "./options.ts";
import { pictureOf } from "./picture.ts";
import { readValues } from "./reading.ts";
import type { ChartSource, ChartSpec } from "./spec.ts";

interface ChartProps {
  readonly spec: ChartSpec;
  readonly source: ChartSource;
  /** Of the drawing, in pixels of a usual screen, at least: it fills its panel. */
  readonly height: number;
  /** A heading's level. @default {3} */
  readonly level?: 3 | 4;
}

/** A chart with a title and a legend: the values at the pointer, else the last ones, or mean and maximum of the past. */
export function Chart({ spec, source, height, level = 3 }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const figure = useRef<HTMLElement>(null);
  const id = useId();
  // Charts of several listeners have one title.
  const chart = `${source.id} ${spec.title} ${spec.lines[0]?.keys[0]}`;
  const [, setTurn] = useState(0);
  const hidden = hiddenOf(chart);
  const isShown = isOpen(chart);
  // Views make new specs at every rendering; a chart is built again only when its spec has changed.
  const words = JSON.stringify(spec);
  const kept = useMemo(() => spec, [words]);
  const shown = useMemo(() => withoutLines(kept, hidden), [kept, hidden]);
  useEffect(() => plotInto(holder.current!, figure.current!, { all: kept, spec: shown, source }), [shown, source]);
  const hide = (labels: ReadonlySet<string>) => {
    keepHidden(chart, labels);
    setTurn((turn) => turn + 1);
  };
  const open = (isNow: boolean) => {
    keepOpen(chart, isNow);
    setTurn((turn) => turn + 1);
  };
  const Title = `h${level}` as const;
  return (
    <figure class="chart" ref={figure} aria-labelledby={`${id}-title`}>
      <figcaption>
        <Title id={`${id}-title`}>
          <bdi>{visible(spec.title)}</bdi>
        </Title>
        {kept.help !== undefined && kept.help !== "" && (
          <p class="help">
            <bdi>{visible(kept.help)}</bdi>
          </p>
        )}
        <Legend spec={kept} hidden={hidden} hide={hide} isOpen={isShown} open={open} details={`${id}-details`} />
      </figcaption>
      {/* Arrow keys read the values along the time axis: for screen readers, a slider whose value is a sentence. */}
      <div
        class="plot"
        ref={holder}
        tabIndex={0}
        role="slider"
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={100}
        aria-valuetext="at the last moment"
        aria-roledescription="chart"
        aria-label={`${visible(spec.title)}: arrow keys read it, plus zooms in, 0 zooms out`}
        aria-describedby={`${id}-table`}
        style={{ height: `${height / REM_PIXELS}rem` }}
      >
        <p class="nothing" hidden />
        {/* Beside the cursor; the slider's value says the same. */}
        <div class="reading" aria-hidden="true" hidden />
      </div>
      {isShown && (
        <Details
          id={`${id}-details`}
          spec={shown}
          source={source}
          picture={() => pictureIn(holder.current!, shown, source)}
        />
      )}
      <table class="unseen" id={`${id}-table`} aria-live="off">
        <caption>
          {visible(spec.title)}, values at the moment that is read, else the last values, or mean and maximum of a past
          stretch
        </caption>
        <tbody>
          {kept.lines.map((line) => (
            <tr key={line.label}>
              <th scope="row">{visible(line.label)}</th>
              <td class="value">–</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function withoutLines(spec: ChartSpec, hidden: ReadonlySet<string>): ChartSpec {
  return hidden.size === 0 ? spec : { ...spec, lines: spec.lines.filter(({ label }) => !hidden.has(label)) };
}

function pictureIn(holder: HTMLElement, spec: ChartSpec, source: ChartSource): Promise<Blob> | undefined {
  const drawing = holder.querySelector("canvas");
  if (drawing === null) return undefined;
  return pictureOf({ drawing, spec, source, family: getComputedStyle(document.body).fontFamily });
}

type Words = Pick<ChartProps, "spec" | "source"> & { readonly all: ChartSpec };

/** Draws a uPlot, which is not made of elements, and follows its source, its holder's width and the appearance. */
function plotInto(holder: HTMLElement, figure: HTMLElement, { all, spec, source }: Words): () => void {
  let plot: uPlot | undefined;
  let hasBand = false;
  let index: number | null = null;
  const read = () =>
    readValues({ figure, all, spec, source, index, left: plot?.cursor.left ?? 0, isSeen: screen.isSeen });
  const moved = (at: number | null) => {
    index = at;
    const moment = at === null ? undefined : source.read()?.moments[at];
    source.hover(moment);
    read();
  };
  const build = () => {
    plot?.destroy();
    plot = undefined;
    const data = source.read();
    if (data === undefined || holder.clientWidth === 0) return;
    hasBand = data.hasBand;
    const words = { spec, source, hasBand, width: holder.clientWidth, height: holder.clientHeight, moved };
    plot = new uPlot(plotOptions(words), plotData(spec, data), holder);
    read();
  };
  const paint = () => {
    const data = source.read();
    if (plot === undefined || data?.hasBand !== hasBand) return build();
    plot.setData(plotData(spec, data), true);
  };
  const screen = onScreen(holder, paint);
  const draw = () => {
    // The first drawing is made wherever it is.
    if (plot === undefined) build();
    else screen.draw();
    read();
  };
  const observer = new ResizeObserver(() => {
    if (plot === undefined) build();
    else if (holder.clientWidth > 0) plot.setSize({ width: holder.clientWidth, height: holder.clientHeight });
  });
  observer.observe(holder);
  const stops = [source.subscribe(draw), appearance.subscribe(build), keyboard(holder, source, () => plot)];
  build();
  return () => {
    observer.disconnect();
    screen.stop();
    for (const stop of stops) stop();
    plot?.destroy();
  };
}
