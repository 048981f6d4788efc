import type { Registry } from "prom-client";
import type { Family, Sample } from "./exposition.ts";

/** Reads a prom-client registry into families, so that every format is written by one function. */
export async function familiesIn(registry: Registry): Promise<Family[]> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly PromMetric[];
  return metrics.map(({ name, help, type, values }) => ({
    name,
    help,
    type: isKnown(type) ? type : "untyped",
    samples: values.map((each) => sampleOf(name, each)),
  }));
}

/** The real shape, which prom-client's types do not have: values of histograms and summaries carry a name each. */
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
