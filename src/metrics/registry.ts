import { Counter, Gauge, Histogram, Registry } from "prom-client";

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

/** A registry of readers, in Prometheus text by `registry.metrics()`. Users' own prom-client metrics can join it. */
export function registryOf(metrics: readonly Metric[]): Registry {
  const registry = new Registry();
  for (const metric of metrics) register(registry, metric);
  return registry;
}

function register(registry: Registry, { name, help, type, labels = [], read }: Metric): void {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  // A counter has no `set`: what is reported is the whole count, so each scrape begins again at nothing.
  if (type === "counter") {
    new Counter({
      ...options,
      collect() {
        this.reset();
        if (labels.length === 0) this.remove();
        read((value, labelled = {}) => this.inc(labelled, value));
      },
    });
    return;
  }
  new Gauge({
    ...options,
    collect() {
      this.reset();
      if (labels.length === 0) this.remove();
      read((value, labelled = {}) => this.set(labelled, value));
    },
  });
}

/**
 * A histogram for what happens some times a second (an observation costs about half a microsecond), never for what
 * happens once a packet.
 */
export function histogramIn(
  registry: Registry,
  options: { readonly name: string; readonly help: string; readonly buckets: readonly number[] },
): (value: number) => void {
  const histogram = new Histogram({ ...options, buckets: [...options.buckets], registers: [registry] });
  return (value) => histogram.observe(value);
}
