import { processMetrics } from "../../src/app/monitoring/process-metrics.ts";
import type { Metric, ProcessSample } from "../../src/metrics/mod.ts";
import { type CountedListener, tcpMetrics } from "../../src/tcp/monitoring/listener-metrics.ts";

/** What an instance reads from plain fields, without an instance. */
export function instanceMetrics(sources: {
  process(): ProcessSample;
  listeners(): readonly CountedListener[];
}): Metric[] {
  return [...processMetrics(sources.process), ...tcpMetrics(sources.listeners)];
}
