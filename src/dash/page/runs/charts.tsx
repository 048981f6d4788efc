import { useEffect, useMemo } from "preact/hooks";
import type { RunSeries } from "../../run.ts";
import { Chart, type ChartSpec } from "../chart/mod.ts";
import { runSource } from "./source.ts";

const HEIGHT = 190;

/** Charts of one or more runs, which share their time axis and pointer. */
export function RunCharts({
  id,
  runs,
  specs,
}: {
  id: string;
  runs: readonly RunSeries[];
  specs: readonly ChartSpec[];
}) {
  const source = useMemo(() => runSource(id), [id]);
  useEffect(() => source.show(runs), [source, runs]);
  return (
    <div class={`grid run-grid${specs.length % 2 === 0 && specs.length < 6 ? " pairs" : ""}`}>
      {specs.map((spec) => (
        <div class="panel" key={spec.title}>
          <Chart source={source} spec={spec} height={HEIGHT} />
        </div>
      ))}
    </div>
  );
}
