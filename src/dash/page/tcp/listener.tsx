import type { ListenerView } from "../../tcp-api.ts";
import { useCell } from "../cell.ts";
import { Chart } from "../chart/mod.ts";
import { Foreign } from "../elements.tsx";
import { grouped, written } from "../format.ts";
import { names } from "../instance.ts";
import { nowSource } from "../now-source.ts";
import { bytesSpec, trafficSpec, writeQueueSpec } from "./specs.ts";
import { Targets } from "./targets.tsx";
import { Workers } from "./workers.tsx";

const ROW_HEIGHT = 132;
/** Reasons shown; the others are added up. */
const REASONS = 5;

/** One listener: its address, its charts, and why connections were rejected or closed. */
export function ListenerRow({ listener }: { readonly listener: ListenerView }) {
  const series = useCell(names);
  const { counts } = listener;
  return (
    <section class="panel listener" aria-label={`Listener ${listener.name}`}>
      <header>
        <h3>
          <Foreign text={listener.name} />
        </h3>
        <p class="note">
          <code>{addressOf(listener)}</code> · <Foreign text={listener.handler} /> · {listener.workers}{" "}
          {listener.workers === 1 ? "worker" : "workers"}
        </p>
        <p class="note">
          {grouped(counts.active)} open, {grouped(counts.peak)} peak, {written(counts.accepted, "count")} accepted
        </p>
      </header>
      <div class="listener-charts">
        <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={trafficSpec(series, [listener], listener.name)} />
        <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={bytesSpec(series, listener.name)} />
        <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={writeQueueSpec(series, listener.name)} />
        <div class="reasons">
          <Reasons title="Rejected" none="none" counts={counts.rejected} />
          <Reasons title="Closed by" none="none" counts={counts.closed} />
        </div>
      </div>
      <Targets listener={listener} />
      <Workers listener={listener} series={series} />
    </section>
  );
}

function addressOf({ host, port, path }: ListenerView): string {
  if (path !== undefined) return path;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

interface ReasonsProps {
  readonly title: string;
  readonly none: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Most frequent first, each with its share. */
function Reasons({ title, none, counts }: ReasonsProps) {
  const found = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const all = found.reduce((sum, [, count]) => sum + count, 0);
  const rest = found.slice(REASONS).reduce((sum, [, count]) => sum + count, 0);
  const shown = [...found.slice(0, REASONS), ...(rest > 0 ? [["others", rest] as const] : [])];
  return (
    <div class="reason-list">
      <h4>
        {title} <span class="note">{all === 0 ? none : grouped(all)}</span>
      </h4>
      <ul>
        {shown.map(([reason, count]) => (
          <li key={reason}>
            <span class="reason-share" style={{ width: `${(100 * count) / all}%` }} aria-hidden="true" />
            <span class="reason-name">
              <Foreign text={reason} />
            </span>
            <span class="reason-count">{written(count, "count")}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
