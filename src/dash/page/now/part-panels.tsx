import type { PanelChart, PanelView, SeriesName } from "../../api.ts";
import { useCell } from "../cell.ts";
import { Chart, type ChartSpec, TONES } from "../chart/mod.ts";
import { names, panels } from "../instance.ts";
import { keysOf } from "../names.ts";
import { nowSource } from "../now-source.ts";
import { PART_VIEWS } from "../part-views.ts";

const HEIGHT = 132;

/** The panel of each part that runs: its own view, else the charts that it describes as data. */
export function PartPanels() {
  const series = useCell(names);
  return (
    <>
      {useCell(panels).map(({ name, panel }) => {
        const view = PART_VIEWS.find((each) => each.name === name);
        if (view !== undefined) return <view.Panel key={name} />;
        return panel === null ? undefined : <DataPanel key={name} panel={panel} series={series} />;
      })}
    </>
  );
}

function DataPanel({ panel, series }: { readonly panel: PanelView; readonly series: readonly SeriesName[] }) {
  return (
    <section aria-label={panel.title}>
      <h2>{panel.title}</h2>
      <div class="grid own-grid">
        {panel.charts.map((chart) => (
          <div class="panel" key={chart.title}>
            <Chart source={nowSource} height={HEIGHT} spec={specOf(series, chart)} />
          </div>
        ))}
      </div>
    </section>
  );
}

function specOf(known: readonly SeriesName[], { title, unit, series }: PanelChart): ChartSpec {
  const lines = series.map(({ name, label }, index) => ({
    label,
    keys: keysOf(known, name),
    tone: TONES[index % TONES.length]!,
  }));
  return { title, unit, lines };
}
