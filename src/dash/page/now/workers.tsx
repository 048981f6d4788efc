import type { SeriesName } from "../../api.ts";
import { latest } from "../box.ts";
import { useCell } from "../cell.ts";
import { grouped, type Unit, visible, written } from "../format.ts";
import { keysOf, workersOf } from "../names.ts";
import { Scrolled } from "../parts.tsx";

type Read = (name: string, labels: Readonly<Record<string, string>>) => number | undefined;

interface Column {
  readonly title: string;
  readonly unit: Unit;
  value(read: Read, listener: string, worker: string): number | undefined;
}

const own = (title: string, name: string, unit: Unit): Column => ({
  title,
  unit,
  value: (read, listener, worker) => read(name, { listener, worker }),
});

const COLUMNS: readonly Column[] = [
  own("Connections", "tenk_tcp_connections_active", "count"),
  own("Packets", "tenk_tcp_chunks_read_total", "perSecond"),
  own("Read", "tenk_tcp_bytes_read_total", "bytesPerSecond"),
  own("Written", "tenk_tcp_bytes_written_total", "bytesPerSecond"),
  own("Outboxes", "tenk_tcp_outbox_bytes", "bytes"),
  {
    title: "Loop lag, mean",
    unit: "seconds",
    value(read, listener, worker) {
      const sum = read("tenk_worker_event_loop_lag_seconds_sum", { listener, worker });
      const count = read("tenk_worker_event_loop_lag_seconds_count", { listener, worker });
      return sum === undefined || !count ? undefined : sum / count;
    },
  },
  {
    title: "Heap used",
    unit: "bytes",
    value: (read, listener, worker) => read("tenk_runtime_heap_used_bytes", { loop: `${listener}/${worker}` }),
  },
  {
    title: "Collections",
    unit: "perSecond",
    value: (read, listener, worker) => read("tenk_runtime_collections_total", { loop: `${listener}/${worker}` }),
  },
];

/** The event loops side by side, in what their series tell of each. */
export function Workers({ listener, series }: { readonly listener: string; readonly series: readonly SeriesName[] }) {
  const { values } = useCell(latest);
  const workers = workersOf(series, listener);
  const read: Read = (name, labels) => values.get(keysOf(series, name, labels)[0] ?? "") ?? undefined;
  const told = COLUMNS.map((column) => ({
    ...column,
    values: workers.map((worker) => column.value(read, listener, worker)),
  })).filter((column) => column.values.some((value) => value !== undefined));
  if (told.length === 0) return null;
  return (
    <Scrolled name={`Event loops of ${visible(listener)}`}>
      <table class="workers">
        <thead>
          <tr>
            <th scope="col">Event loop</th>
            {told.map(({ title }) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {workers.map((worker, index) => (
            <tr key={worker}>
              <th scope="row">{worker}</th>
              {told.map(({ title, unit, values: each }) => (
                <td key={title}>{unit === "count" ? grouped(each[index] ?? 0) : written(each[index], unit)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}
