import { type Metric, oncePerTurn } from "../../metrics/mod.ts";
import { ChainCount, REFUSAL_REASONS } from "../chain/mod.ts";
import type { Resolver } from "../resolver/mod.ts";
import { UPSTREAM_FAILURES } from "../upstream/mod.ts";
import { sumOfRows } from "./readings.ts";

/** What is read of the server. */
export interface MeasuredServer {
  /** `CHAIN_COUNTS` doubles for each thread. */
  readonly counts: Float64Array;
  readonly resolver: Pick<Resolver, "members">;
  readonly lists: { readonly names: number };
}

/** How queries were answered from memory, by their counts. */
const VERDICTS = ["local", "special", "blocked", "cached"] as const;

/** What the server counts. Labels are closed sets, and the upstreams of the configuration. */
export function dnsMetrics(server: MeasuredServer): Metric[] {
  const counts = oncePerTurn(() => sumOfRows(server.counts));
  const upstreams = () => server.resolver.members;
  return [
    {
      type: "counter",
      name: "tenk_dns_queries_total",
      help: "Queries received.",
      read: (report) => report(counts()[ChainCount.queries]!),
    },
    {
      type: "counter",
      name: "tenk_dns_answers_total",
      help: "Queries by where their answer came from.",
      labels: ["verdict"],
      read(report) {
        for (const verdict of VERDICTS) report(counts()[ChainCount[verdict]]!, { verdict });
        report(counts()[ChainCount.missed]!, { verdict: "forwarded" });
      },
    },
    {
      type: "counter",
      name: "tenk_dns_refused_total",
      help: "Queries that were refused, by reason.",
      labels: ["reason"],
      read(report) {
        for (const [index, reason] of REFUSAL_REASONS.entries())
          report(counts()[ChainCount.refused + index]!, { reason });
      },
    },
    {
      type: "counter",
      name: "tenk_dns_upstream_queries_total",
      help: "Queries sent to an upstream.",
      labels: ["upstream"],
      read(report) {
        for (const { upstream } of upstreams()) report(upstream.counts.queries, { upstream: upstream.name });
      },
    },
    {
      type: "counter",
      name: "tenk_dns_upstream_failures_total",
      help: "Queries that an upstream gave no answer to, by reason.",
      labels: ["upstream", "reason"],
      read(report) {
        for (const { upstream } of upstreams()) {
          for (const reason of UPSTREAM_FAILURES)
            report(upstream.counts.failures[reason], { upstream: upstream.name, reason });
        }
      },
    },
    {
      type: "gauge",
      name: "tenk_dns_block_names",
      help: "Distinct names in the block lists.",
      read: (report) => report(server.lists.names),
    },
  ];
}
