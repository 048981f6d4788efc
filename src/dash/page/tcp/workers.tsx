import type { SeriesName } from "../../api.ts";
import type { ListenerView } from "../../tcp-api.ts";
import { useCell } from "../cell.ts";
import { Scrolled } from "../elements.tsx";
import { type Unit, visible, written } from "../format.ts";
import { latest } from "../instance.ts";
import { workerKeys } from "./series.ts";

/** The last value of a worker's metric. */
type Read = (name: string) => number | undefined;

interface Column {
  readonly title: string;
  readonly unit: Unit;
  value(read: Read): number | undefined;
}

const own = (title: string, name: string, unit: Unit): Column => ({ title, unit, value: (read) => read(name) });

const COLUMNS: readonly Column[] = [
  own("Connections", "tenk_worker_connections_active", "count"),
  own("Reads", "tenk_worker_reads_total", "perSecond"),
  own("Read", "tenk_worker_bytes_read_total", "bytesPerSecond"),
  own("Written", "tenk_worker_bytes_written_total", "bytesPerSecond"),
  own("Write queues", "tenk_worker_write_queue_bytes", "bytes"),
  {
    title: "Event loop lag, mean",
    unit: "seconds",
    value(read) {
      const sum = read("tenk_worker_event_loop_lag_seconds_sum");
      const count = read("tenk_worker_event_loop_lag_seconds_count");
      return sum === undefined || !count ? undefined : sum / count;
    },
  },
  own("Heap used", "tenk_runtime_heap_used_bytes", "bytes"),
  own("GCs", "tenk_runtime_collections_total", "perSecond"),
];

interface WorkersProps {
  readonly listener: ListenerView;
  readonly series: readonly SeriesName[];
}

/** The workers of a listener side by side, by the last values of their series. A single worker has no table. */
export function Workers({ listener: { name, workers: count, threads }, series }: WorkersProps) {
  const { values } = useCell(latest);
  if (count === 1) return null;
  const keyOf = workerKeys(series, name, threads);
  const workers = Array.from({ length: count }, (_, worker) => worker);
  const columns = COLUMNS.map((column) => ({
    ...column,
    values: workers.map((worker) => column.value((metric) => values.get(keyOf(metric, worker) ?? "") ?? undefined)),
  })).filter((column) => column.values.some((value) => value !== undefined));
  if (columns.length === 0) return null;
  return (
    <Scrolled name={`Workers of ${visible(name)}`}>
      <table class="workers stacked">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            {columns.map(({ title }) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <tr key={worker}>
              <th scope="row" class="name" data-name="Worker">
                {worker}
              </th>
              {columns.map(({ title, unit, values: each }) => (
                <td key={title} data-name={title}>
                  {written(each[worker], unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}
