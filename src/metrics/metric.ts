import type { Family, Sample } from "./exposition.ts";

/** What a metric hands its values to: the value, and its labels where the metric has any. */
export type Report = (value: number, labels?: Readonly<Record<string, string>>) => void;

/**
 * A metric that is read when asked. Hot code adds to a plain field; `read` looks at it once a scrape, so that counting
 * costs an addition and labels cost nothing until somebody asks.
 */
export interface Metric {
  /** As Prometheus users expect it: base unit as suffix, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  /** Label names, each from a closed set of values. */
  readonly labels?: readonly string[];
  /** Calls `report` once for each set of labels; not at all where the system does not tell. Must not throw. */
  readonly read: (report: Report) => void;
}

/** What the readers tell now, a family each. */
export function familiesOf(metrics: readonly Metric[]): Family[] {
  return metrics.map(({ name, help, type, read }) => {
    const samples: Sample[] = [];
    read((value, labels = {}) => samples.push({ value, labels }));
    return { name, help, type, samples };
  });
}

/** Families of one name from several sources come together: a scrape in which a name begins twice is refused whole. */
export function joinFamilies(families: readonly Family[]): Family[] {
  const byName = new Map<string, Family>();
  for (const family of families) {
    const known = byName.get(family.name);
    byName.set(family.name, known ? { ...known, samples: [...known.samples, ...family.samples] } : family);
  }
  return [...byName.values()];
}

/** Readers that are asked within one turn of the event loop share one look, at /proc for instance. */
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
