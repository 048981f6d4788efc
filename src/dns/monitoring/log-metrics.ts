import type { Metric } from "../../metrics/mod.ts";
import type { MeasuredServer } from "./metrics.ts";

/** What the query log counts. */
export function logMetrics(server: MeasuredServer): Metric[] {
  return [
    {
      type: "counter",
      name: "tenk_dns_log_entries_total",
      help: "Queries written to the query log.",
      read: (report) => report(server.log.counts.entries),
    },
    {
      type: "counter",
      name: "tenk_dns_log_dropped_total",
      help: "Queries that are missing in the query log, or in its file, by reason.",
      labels: ["reason"],
      read(report) {
        const { dropped, unstored } = server.log.counts;
        report(dropped, { reason: "ring-full" });
        report(unstored, { reason: "not-stored" });
      },
    },
  ];
}
