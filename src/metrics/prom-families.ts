import type { Registry } from "prom-client";
import type { Family, Sample } from "./exposition.ts";

/** What a prom-client registry reads now, as families: one road to every format. */
export async function familiesIn(registry: Registry): Promise<Family[]> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly PromMetric[];
  return metrics.map(({ name, help, type, values }) => ({
    name,
    help,
    type: isKnown(type) ? type : "untyped",
    samples: values.map((each) => sampleOf(name, each)),
  }));
}

/** As prom-client's own types do not tell: histograms and summaries name each of their values. */
interface PromMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly PromValue[];
}

interface PromValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

function sampleOf(family: string, { value, labels, metricName = family }: PromValue): Sample {
  const texts: Record<string, string> = {};
  for (const label in labels) texts[label] = String(labels[label]);
  return metricName === family
    ? { value, labels: texts }
    : { value, labels: texts, suffix: metricName.slice(family.length) };
}

function isKnown(type: string): type is Family["type"] {
  return type === "counter" || type === "gauge" || type === "histogram" || type === "summary";
}
