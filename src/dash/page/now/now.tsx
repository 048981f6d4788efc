import { useCell } from "../cell.ts";
import { Chart } from "../chart/mod.ts";
import { names, status } from "../instance.ts";
import { Machine } from "../machine/mod.ts";
import { ownMetrics } from "../names.ts";
import { nowSource } from "../now-source.ts";
import { PART_VIEWS } from "../part-views.ts";
import { MarkList } from "./mark-list.tsx";
import { PartPanels } from "./part-panels.tsx";
import { QuickStats } from "./quick.tsx";
import { cpuSpec, descriptorSpec, heapSpec, memorySpec, networkSpec, ownSpec, processSpec } from "./specs.ts";
import { Toolbar } from "./toolbar.tsx";

const MAIN_HEIGHT = 268;
const SIDE_HEIGHT = 176;
const OWN_HEIGHT = 132;

/** The main chart and the machine, then the panel of each part, then the user's metrics. */
export function NowView() {
  const series = useCell(names);
  const known = useCell(status);
  const charted = PART_VIEWS.filter(({ mainChart }) => mainChart !== undefined);
  const shown = charted.find(({ name }) => known !== undefined && name in known.parts) ?? charted[0];
  const main = shown?.mainChart?.(series, known);
  const own = ownMetrics(series);
  return (
    <>
      <Toolbar />
      <MarkList />
      <h2 class="unseen">Now</h2>
      <div class="grid main-grid">
        {main !== undefined && (
          <div class="panel wide">
            <Chart source={nowSource} height={MAIN_HEIGHT} spec={main} />
          </div>
        )}
        <section class="panel" aria-label="Quick stats">
          <QuickStats />
        </section>
        <div class="panel">
          <Chart source={nowSource} height={SIDE_HEIGHT} spec={cpuSpec(series)} />
        </div>
        <div class="panel">
          <Chart source={nowSource} height={SIDE_HEIGHT} spec={memorySpec(series)} />
        </div>
        <div class="panel">
          <Chart source={nowSource} height={SIDE_HEIGHT} spec={networkSpec(series)} />
        </div>
      </div>
      <Machine />
      <PartPanels />
      <h2>Your metrics</h2>
      <div class="grid own-grid own-metrics">
        {own.map((metric) => (
          <div class="panel" key={metric.name}>
            <Chart source={nowSource} height={OWN_HEIGHT} spec={ownSpec(metric)} />
          </div>
        ))}
      </div>
      {own.length === 0 && series.length > 0 && (
        <p class="note">
          Metrics that your handler creates (<code>counter("rooms_total", "Rooms opened.")</code>) appear here.
        </p>
      )}
      <h2>tenk itself</h2>
      <div class="grid own-grid">
        {[processSpec(series), heapSpec(series), descriptorSpec(series)].map((spec) => (
          <div class="panel" key={spec.title}>
            <Chart source={nowSource} height={OWN_HEIGHT} spec={spec} />
          </div>
        ))}
      </div>
    </>
  );
}
