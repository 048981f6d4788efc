import type { PanelChart, SeriesName } from "../../api.ts";
import { names, panels } from "../box.ts";
import { useCell } from "../cell.ts";
import { Chart, type ChartSpec, TONES } from "../chart/mod.ts";
import { keysOf } from "../names.ts";
import { nowSource } from "./source.ts";

const HEIGHT = 132;

/** What parts say is worth a chart of theirs. */
export function PartPanels() {
  const series = useCell(names);
  return (
    <>
      {useCell(panels).map(({ name, panel }) => {
        if (panel === null) return undefined;
        return (
          <section key={name} aria-label={panel.title}>
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
      })}
    </>
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
