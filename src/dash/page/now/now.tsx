import { listenersOf, names, status } from "../box.ts";
import { useCell } from "../cell.ts";
import { Chart } from "../chart/mod.ts";
import { ownMetrics } from "../names.ts";
import { Empty } from "../parts.tsx";
import { ListenerRow } from "./listener.tsx";
import { PartPanels } from "./part-panels.tsx";
import { QuickStats } from "./quick.tsx";
import { nowSource } from "./source.ts";
import {
  cpuSpec,
  descriptorSpec,
  heapSpec,
  memorySpec,
  networkSpec,
  ownSpec,
  processSpec,
  trafficSpec,
} from "./specs.ts";
import { Toolbar } from "./toolbar.tsx";

const MAIN_HEIGHT = 268;
const SIDE_HEIGHT = 176;
const OWN_HEIGHT = 132;

/** The story's four panels, then each listener, then what the user counts. */
export function NowView() {
  const series = useCell(names);
  const known = useCell(status);
  const listeners = listenersOf(known);
  const own = ownMetrics(series);
  return (
    <>
      <Toolbar />
      <h2 class="unseen">Now</h2>
      <div class="grid main-grid">
        <div class="panel wide">
          <Chart source={nowSource} height={MAIN_HEIGHT} spec={trafficSpec(series, listeners)} />
        </div>
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
      <h2>Listeners</h2>
      {listeners.map((each) => (
        <ListenerRow key={each.name} listener={each} />
      ))}
      {known !== undefined && listeners.length === 0 && (
        <Empty title="No listener is up">
          Add one to the configuration, or start one by hand: <code>tenk up --listen 9091 --handler sink</code>
        </Empty>
      )}
      <PartPanels />
      <h2>Your metrics</h2>
      <div class="grid own-grid">
        {own.map((metric) => (
          <div class="panel" key={metric.name}>
            <Chart source={nowSource} height={OWN_HEIGHT} spec={ownSpec(metric)} />
          </div>
        ))}
      </div>
      {own.length === 0 && series.length > 0 && (
        <p class="note">
          A handler that counts something of its own (<code>counter("rooms_total", "Rooms opened.")</code>) finds it
          here without further words.
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
