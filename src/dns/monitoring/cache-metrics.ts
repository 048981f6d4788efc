import type { Metric } from "../../metrics/mod.ts";
import type { MeasuredServer } from "./metrics.ts";

/** The cache. Its hits are `tenk_dns_answers_total{verdict="cached"}`, its misses those with `forwarded`. */
export function cacheMetrics(server: MeasuredServer): Metric[] {
  return [
    {
      type: "gauge",
      name: "tenk_dns_cache_entries",
      help: "Answers in the cache.",
      read: (report) => report(server.cache.count),
    },
    {
      type: "gauge",
      name: "tenk_dns_cache_size_bytes",
      help: "Memory that the cache has.",
      read: (report) => report(server.cache.buffer.byteLength),
    },
    {
      type: "counter",
      name: "tenk_dns_cache_evicted_total",
      help: "Answers that made room for new ones before their time.",
      read: (report) => report(server.cache.evicted),
    },
    {
      type: "counter",
      name: "tenk_dns_cache_refreshes_total",
      help: "Answers that were asked for again before their TTL ended, or while they were served past it.",
      read: (report) => report(server.resolver.counts.refreshes),
    },
  ];
}
