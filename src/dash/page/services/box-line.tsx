import type { HostStatus, LimitsStatus } from "../../api.ts";
import { useCell } from "../cell.ts";
import { Foreign } from "../elements.tsx";
import { bytes, written } from "../format.ts";
import { status } from "../instance.ts";

/** The machine in one line. */
export function BoxLine() {
  const known = useCell(status);
  if (known?.host === undefined) return null;
  const { host, limits } = known;
  return (
    <section class="box-line" aria-label="Machine">
      <ul>
        <li>
          <a href="#/now">Machine</a>
        </li>
        {factsOf(host, limits).map(([name, value, isHigh]) => (
          <li key={name}>
            {name} <span class={isHigh ? "raised" : "figure"}>{value}</span>
          </li>
        ))}
        {host.throttling !== null && host.throttling.text !== "" && (
          <li class="raised" title={host.throttling.fix}>
            <span aria-hidden="true">▲</span> <Foreign text={host.throttling.text} />
          </li>
        )}
      </ul>
    </section>
  );
}

type Fact = readonly [name: string, value: string, isHigh: boolean];

/** Shares from which a value stands out. */
const HIGH = { disk: 0.9, memory: 0.9, load: 2, celsius: 80 };

function factsOf(host: HostStatus, limits: LimitsStatus | null): readonly Fact[] {
  const { load1, cores, rootUsedPercent, rootAvailableBytes, temperatureCelsius } = host;
  const used = limits?.memoryBytes ? limits.memoryUsedBytes : host.memoryUsedBytes;
  const total = limits?.memoryBytes ?? host.memoryTotalBytes;
  const facts: (Fact | undefined)[] = [
    temperatureCelsius === null
      ? undefined
      : ["temperature", written(temperatureCelsius, "celsius"), temperatureCelsius >= HIGH.celsius],
    rootUsedPercent === null || rootAvailableBytes === null
      ? undefined
      : [
          "disk",
          `${written(rootUsedPercent, "percent")}, ${bytes(rootAvailableBytes)} free`,
          rootUsedPercent >= 100 * HIGH.disk,
        ],
    used === null || total === null || total === 0
      ? undefined
      : ["memory", `${written(used / total, "share")} of ${bytes(total)}`, used / total >= HIGH.memory],
    load1 === null || cores === 0
      ? undefined
      : ["load", `${load1.toFixed(2)} on ${cores} ${cores === 1 ? "core" : "cores"}`, load1 / cores >= HIGH.load],
  ];
  return facts.filter((fact) => fact !== undefined);
}
