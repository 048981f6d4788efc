import type { RunColumn, RunSeries } from "../../run.ts";
import { type Cell, cell } from "../cell.ts";
import type { ChartSource, ChartSpec } from "../chart/mod.ts";

/** Two runs on one axis are cut into steps of at least this. */
const COMMON_STEP_MS = 1000;

interface Course {
  readonly moments: readonly number[];
  readonly columns: ReadonlyMap<string, readonly (number | null)[]>;
}

export interface RunSource extends ChartSource {
  /** The zoom, in seconds since the start. */
  readonly zoomed: Cell<readonly [from: number, to: number] | undefined>;
  show(runs: readonly RunSeries[]): void;
}

/**
 * Returns a source whose runs can be replaced, e.g. as a run goes on. Time is counted from the start of each.
 *
 * @param isOver none of them is in progress
 */
export function runSource(id: string, isOver: boolean): RunSource {
  const course = cell<Course>({ moments: [], columns: new Map() });
  const zoomed: RunSource["zoomed"] = cell(undefined);
  return {
    id,
    zoomed,
    isElapsed: true,
    show: (runs) => course.set(courseOf(runs)),
    read() {
      const { moments, columns } = course.get();
      const [from, to] = zoomed.get() ?? [0, Math.max(1, moments.at(-1) ?? 1)];
      return {
        moments,
        from,
        to,
        isOver,
        hasBand: false,
        values: (line) => columns.get(line.keys[0] ?? "") ?? gaps(moments.length),
      };
    },
    subscribe(listener) {
      const stops = [course.subscribe(listener), zoomed.subscribe(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    zoom: (from, to) => zoomed.set([Math.max(0, from), to]),
    reset: () => zoomed.set(undefined),
    hover: () => {},
  };
}

function gaps(count: number): null[] {
  return new Array<null>(count).fill(null);
}

/** One run keeps its own moments; several are put on a common grid with the last value of each step. */
function courseOf(runs: readonly RunSeries[]): Course {
  const [only] = runs;
  if (only === undefined) return { moments: [], columns: new Map() };
  if (runs.length === 1) return { moments: only.elapsedMs.map((ms) => ms / 1000), columns: named(only, 0) };
  const endMs = Math.max(...runs.map(({ elapsedMs }) => elapsedMs.at(-1) ?? 0));
  const stepMs = Math.max(COMMON_STEP_MS, endMs / 1000);
  const count = Math.floor(endMs / stepMs) + 1;
  const columns = new Map<string, (number | null)[]>();
  runs.forEach((run, index) => {
    for (const [key, values] of named(run, index)) {
      const on: (number | null)[] = gaps(count);
      run.elapsedMs.forEach((ms, at) => {
        on[Math.floor(ms / stepMs)] = values[at] ?? null;
      });
      columns.set(key, on);
    }
  });
  return { moments: Array.from({ length: count }, (_, index) => (index * stepMs) / 1000), columns };
}

function named(run: RunSeries, index: number): Map<string, readonly (number | null)[]> {
  return new Map(Object.entries(run.columns).map(([column, values]) => [keyOf(column as RunColumn, index), values]));
}

function keyOf(column: RunColumn, run: number): string {
  return `${run}.${column}`;
}

const key = (column: RunColumn) => [keyOf(column, 0)];

/** The latency that is drawn: of each second where it is known, else over the run so far (older runs); of a sink, the delay. */
interface LatencyKind {
  readonly title: string;
  readonly help?: string;
  readonly lines: readonly (readonly [label: string, column: RunColumn])[];
}

const LATENCY_KINDS: readonly LatencyKind[] = [
  {
    title: "Latency of each second",
    lines: [["p50", "secondP50Us"], ["p99", "secondP99Us"], ["max", "secondMaxUs"]], // biome-ignore format: one line
  },
  { title: "Latency so far", lines: [["p50", "p50Us"], ["p99", "p99Us"], ["max", "maxUs"]] }, // biome-ignore format: one line
  {
    title: "Delay of each second",
    help: "No answers: how much later than planned messages were sent.",
    lines: [["p99", "secondDelayP99Us"], ["max", "secondDelayMaxUs"]], // biome-ignore format: one line
  },
];

/** The first kind of which any of the runs has values. */
function latencyKind(runs: readonly RunSeries[]): LatencyKind {
  const has = ({ columns }: RunSeries, column: RunColumn) => columns[column]?.some((value) => value !== null) === true;
  const found = LATENCY_KINDS.find(({ lines }) => runs.some((run) => has(run, lines[0]![1])));
  return found ?? LATENCY_KINDS[0]!;
}

const LATENCY_TONES = ["accent", "ink", "amber"] as const;

function latencySpec(runs: readonly RunSeries[]): ChartSpec {
  const { lines, ...words } = latencyKind(runs);
  const tones = LATENCY_TONES.slice(LATENCY_TONES.length - lines.length);
  return {
    ...words,
    unit: "us",
    empty: "no answers",
    lines: lines.map(([label, column], at) => ({
      label,
      keys: key(column),
      tone: tones[at]!,
      isFilled: at === 0,
      isDashed: label === "max",
    })),
  };
}

/** The charts of one run. @param isHttp it sent requests, and no messages */
export function runSpecs(run: RunSeries | undefined, isHttp: boolean): readonly ChartSpec[] {
  return [trafficSpec(isHttp), latencySpec(run === undefined ? [] : [run]), ...RUN_SPECS];
}

function trafficSpec(isHttp: boolean): ChartSpec {
  const [sent, received] = isHttp ? ["requests", "answers"] : ["sent", "received"];
  return {
    title: `Connections and ${isHttp ? "requests" : "messages"}`,
    unit: "count",
    rightUnit: "perSecond",
    lines: [
      { label: "connections", keys: key("connectionsOpen"), tone: "accent", isFilled: true },
      { label: sent!, keys: key("sentPerSecond"), tone: "ink", axis: "right" },
      { label: received!, keys: key("receivedPerSecond"), tone: "amber", axis: "right", isDashed: true },
    ],
  };
}

const RUN_SPECS: readonly ChartSpec[] = [
  {
    title: "Bytes",
    unit: "bytesPerSecond",
    lines: [
      { label: "sent", keys: key("bytesSentPerSecond"), tone: "accent", isFilled: true },
      { label: "received", keys: key("bytesReceivedPerSecond"), tone: "ink", isDashed: true },
    ],
  },
  {
    title: "The generator itself",
    unit: "percent",
    rightUnit: "us",
    lines: [
      { label: "processor", keys: key("generatorCpuPercent"), tone: "accent", isFilled: true },
      { label: "loop lag p99", keys: key("generatorLagP99Us"), tone: "ink", axis: "right", isDashed: true },
    ],
  },
];

type Compared = readonly [title: string, column: RunColumn, unit: ChartSpec["unit"]];

/** The charts of two runs laid over each other. @param isHttp both sent requests */
export function compareSpecs(runs: readonly RunSeries[], isHttp: boolean): readonly ChartSpec[] {
  const traffic: readonly Compared[] = [
    ["Connections", "connectionsOpen", "count"],
    [isHttp ? "Requests" : "Messages sent", "sentPerSecond", "perSecond"],
    [isHttp ? "Answers" : "Messages received", "receivedPerSecond", "perSecond"],
  ];
  const { title, help, lines } = latencyKind(runs);
  const [first, ...rest] = title.split(" ");
  const latencies = lines
    .slice(0, 2)
    .map(([label, column]) => [`${first} ${label} ${rest.join(" ")}`, column, "us"] as const);
  const all = [...traffic, ...latencies, ["Processor of the generator", "generatorCpuPercent", "percent"] as const];
  return all.map(([name, column, unit]) => ({
    title: name,
    unit,
    ...(unit === "us" ? { empty: "no answers", ...(help === undefined ? {} : { help }) } : {}),
    lines: [
      { label: "A", keys: [keyOf(column, 0)], tone: "accent", isFilled: true },
      { label: "B", keys: [keyOf(column, 1)], tone: "ink", isDashed: true },
    ],
  }));
}
