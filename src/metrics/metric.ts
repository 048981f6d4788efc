import type { Family, Sample } from "./exposition.ts";

/** Receives a metric's value, and its labels where it has any. */
export type Report = (value: number, labels?: Readonly<Record<string, string>>) => void;

/**
 * A metric that is read on demand. Hot code adds to a plain field and `read` reports it once a scrape, so that counting costs
 * an addition and labels cost nothing until somebody scrapes.
 */
export interface Metric {
  /** In Prometheus's style: base unit as suffix, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  /** Label names, each from a closed set of values. */
  readonly labels?: readonly string[];
  /** False leaves it out of the history, for what has many series and is kept in another form. @default {true} */
  readonly isKept?: boolean;
  /** Calls `report` once for each set of labels; not at all where the system does not report a value. Must not throw. */
  readonly read: (report: Report) => void;
}

/** Reads all metrics now, each into a family. */
export function familiesOf(metrics: readonly Metric[]): Family[] {
  return metrics.map(({ name, help, type, read }) => {
    const samples: Sample[] = [];
    read((value, labels = {}) => samples.push({ value, labels }));
    return { name, help, type, samples };
  });
}

/** Merges families of one name from several sources: Prometheus rejects a scrape that has one name twice. */
export function joinFamilies(families: readonly Family[]): Family[] {
  const byName = new Map<string, Family>();
  for (const family of families) {
    const known = byName.get(family.name);
    byName.set(family.name, known ? { ...known, samples: [...known.samples, ...family.samples] } : family);
  }
  return [...byName.values()];
}

/** Shares one result, of a read of /proc for instance, between all calls within one turn of the event loop. */
export function oncePerTurn<Sample>(read: () => Sample): () => Sample {
  let sample: Sample | undefined;
  return () => {
    if (sample === undefined) {
      sample = read();
      queueMicrotask(() => {
        sample = undefined;
      });
    }
    return sample;
  };
}
