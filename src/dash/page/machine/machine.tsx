import { useCell } from "../cell.ts";
import { Chart } from "../chart/mod.ts";
import { names, status } from "../instance.ts";
import { nowSource } from "../now-source.ts";
import { Mounts } from "./mounts.tsx";
import { machineSpecs } from "./specs.ts";

const HEIGHT = 132;

/** What else the machine tells: disks, load, pressure, temperature, each processor and device, and its file systems. */
export function Machine() {
  const series = useCell(names);
  const known = useCell(status);
  const specs = machineSpecs(series, known?.host);
  const mounts = known?.host.mounts ?? [];
  if (specs.length === 0 && mounts.length === 0) return null;
  return (
    <section aria-label="The machine">
      <h2>The machine</h2>
      <div class="grid own-grid">
        {specs.map((spec) => (
          <div class="panel" key={spec.title}>
            <Chart source={nowSource} height={HEIGHT} spec={spec} />
          </div>
        ))}
      </div>
      {mounts.length > 0 && <Mounts mounts={mounts} />}
    </section>
  );
}
