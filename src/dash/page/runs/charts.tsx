import { useEffect, useMemo } from "preact/hooks";
import type { RunSeries } from "../../run.ts";
import { useCell } from "../cell.ts";
import { Chart, type ChartSpec } from "../chart/mod.ts";
import { duration } from "../format.ts";
import { type RunSource, runSource } from "./source.ts";

const HEIGHT = 190;

/** Charts of one or more runs, which share their time axis and pointer. */
export function RunCharts({
  id,
  runs,
  specs,
  isOver = true,
}: {
  id: string;
  runs: readonly RunSeries[];
  specs: readonly ChartSpec[];
  isOver?: boolean;
}) {
  const source = useMemo(() => runSource(id, isOver), [id, isOver]);
  useEffect(() => source.show(runs), [source, runs]);
  return (
    <>
      <Zoomed source={source} />
      <div class={`grid run-grid${specs.length % 2 === 0 && specs.length < 6 ? " pairs" : ""}`}>
        {specs.map((spec) => (
          <div class="panel" key={spec.title}>
            <Chart source={source} spec={spec} height={HEIGHT} />
          </div>
        ))}
      </div>
    </>
  );
}

/** The stretch that all charts show, and a button back for readers without a double click or a key. */
function Zoomed({ source }: { readonly source: RunSource }) {
  const zoomed = useCell(source.zoomed);
  if (zoomed === undefined) return null;
  const [from, to] = zoomed.map((seconds) => duration(Math.round(seconds) * 1000));
  return (
    <p class="toolbar">
      <button type="button" class="button zoomed" onClick={() => source.reset()}>
        <span class="unseen">zoomed to </span>
        {from} – {to} ✕
      </button>
    </p>
  );
}
