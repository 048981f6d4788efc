import type { Metric } from "../../metrics/mod.ts";
import type { PushJobs } from "../push/mod.ts";

/** Calls of jobs. Labels are closed sets. */
export function pushMetrics({ counts }: PushJobs): Metric[] {
  return [
    {
      type: "counter",
      name: "tenk_probe_push_calls_total",
      help: "Calls of jobs, by what they said.",
      labels: ["signal"],
      read(report) {
        for (const [signal, count] of Object.entries(counts.calls)) report(count, { signal });
      },
    },
    {
      type: "counter",
      name: "tenk_probe_push_rejected_total",
      help: "Calls that were rejected: the URL is nobody's, or its job calls too often.",
      labels: ["reason"],
      read(report) {
        for (const [reason, count] of Object.entries(counts.rejected)) report(count, { reason });
      },
    },
  ];
}
