import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { appearance, REM_PIXELS } from "../appearance.ts";
import { visible } from "../format.ts";
import { keyboard } from "./keyboard.ts";
import { plotData, plotOptions } from "./options.ts";
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
  // Views make new specs at every rendering; a chart is built again only when its spec has changed.
  const words = JSON.stringify(spec);
  const kept = useMemo(() => spec, [words]);
  useEffect(() => plotInto(holder.current!, figure.current!, { spec: kept, source }), [kept, source]);
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
        <ul class="legend" aria-hidden="true">
          {kept.lines.map((line) => (
            <li key={line.label}>
              <span class={`swatch tone-${line.tone}${line.isDashed ? " dashed" : ""}`} />
              <bdi>{visible(line.label)}</bdi>
              <output class="value">–</output>
            </li>
          ))}
        </ul>
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
        <p class="nothing" hidden>
          {kept.empty ?? "no values in this stretch"}
        </p>
        {/* Beside the cursor; the slider's value says the same. */}
        <div class="reading" aria-hidden="true" hidden />
      </div>
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

type Words = Pick<ChartProps, "spec" | "source">;

/** Draws a uPlot, which is not made of elements, and follows its source, its holder's width and the appearance. */
function plotInto(holder: HTMLElement, figure: HTMLElement, { spec, source }: Words): () => void {
  let plot: uPlot | undefined;
  let hasBand = false;
  let index: number | null = null;
  const read = () => readValues({ figure, spec, source, index, left: plot?.cursor.left ?? 0 });
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
  const draw = () => {
    const data = source.read();
    if (plot === undefined || data?.hasBand !== hasBand) return build();
    plot.setData(plotData(spec, data), true);
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
    for (const stop of stops) stop();
    plot?.destroy();
  };
}
