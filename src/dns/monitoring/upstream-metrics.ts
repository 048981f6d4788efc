import { type Family, histogramSamples, type Metric } from "../../metrics/mod.ts";
import { LATENCY_BOUNDS_SECONDS, type ResolverCounts } from "../resolver/mod.ts";
import { UPSTREAM_FAILURES } from "../upstream/mod.ts";
import type { MeasuredServer } from "./metrics.ts";

type Member = MeasuredServer["resolver"]["members"][number];

/** Names and helps of the resolver's counts. */
const RESOLVER: readonly (readonly [count: Exclude<keyof ResolverCounts, "rcodes">, name: string, help: string])[] = [
  ["merged", "merged_total", "Queries that waited for a question that was already on its way."],
  ["failed", "unanswered_questions_total", "Questions that no upstream answered."],
  ["overloaded", "overloaded_total", "Queries answered SERVFAIL because too many were on their way."],
  ["unusable", "unusable_answers_total", "Answers of upstreams that could not be used."],
  ["privateRecords", "private_records_total", "Records with private addresses that were left out."],
];

/** Names and helps of what an upstream's queries met. */
const REPEATS: readonly (readonly [count: "ignored" | "byTcp" | "withoutEdns", name: string, help: string])[] = [
  ["ignored", "ignored_total", "Datagrams in the name of an upstream that matched no query: wrong ID, port or cookie."],
  ["byTcp", "by_tcp_total", "Queries repeated over TCP: the answer was truncated, or could have been forged."],
  ["withoutEdns", "without_edns_total", "Queries repeated without EDNS, which the upstream refused."],
];

/** The resolver and its upstreams. `upstream` is one of the configuration's; a reload may replace both, then they count from 0. */
export function upstreamMetrics(server: Pick<MeasuredServer, "resolver">): Metric[] {
  const each = (
    type: Metric["type"],
    name: string,
    help: string,
    value: (member: Member) => number | undefined,
  ): Metric => ({
    ...{ type, name: `tenk_dns_upstream_${name}`, help, labels: ["upstream"] },
    read(report) {
      for (const member of server.resolver.members) {
        const known = value(member);
        if (known !== undefined) report(known, { upstream: member.upstream.name });
      }
    },
  });
  return [
    ...RESOLVER.map(
      ([count, name, help]): Metric => ({
        ...{ type: "counter", name: `tenk_dns_${name}`, help },
        read: (report) => report(server.resolver.counts[count]),
      }),
    ),
    {
      type: "gauge",
      name: "tenk_dns_questions_in_flight",
      help: "Questions that upstreams have not answered yet.",
      read: (report) => report(server.resolver.inFlight),
    },
    each("counter", "queries_total", "Queries sent to an upstream.", ({ upstream }) => upstream.counts.queries),
    each("counter", "answers_total", "Answers of an upstream.", ({ upstream }) => upstream.counts.answers),
    ...REPEATS.map(([count, name, help]) => each("counter", name, help, ({ upstream }) => upstream.counts[count])),
    {
      type: "counter",
      name: "tenk_dns_upstream_failures_total",
      help: "Queries that an upstream gave no answer to, by reason.",
      labels: ["upstream", "reason"],
      read(report) {
        for (const { upstream } of server.resolver.members) {
          for (const reason of UPSTREAM_FAILURES)
            report(upstream.counts.failures[reason], { upstream: upstream.name, reason });
        }
      },
    },
    each(
      "gauge",
      "up",
      "1 while an upstream answers, 0 while it is asked only if no other is left.",
      ({ isDown, isLooped }) => (isDown || isLooped ? 0 : 1),
    ),
    each("gauge", "recent_response_seconds", "How long recent answers of an upstream took.", ({ rttMs }) =>
      rttMs === 0 ? undefined : rttMs / 1000,
    ),
  ];
}

/** How long answers of upstreams took. */
export function upstreamHistograms(server: MeasuredServer): Family[] {
  const samples = server.resolver.members.flatMap(({ upstream, latencies }) => {
    let sum = 0;
    const cumulative = [...latencies.counts].map((count) => (sum += count));
    return histogramSamples({ upstream: upstream.name }, LATENCY_BOUNDS_SECONDS, cumulative, latencies.sumSeconds);
  });
  const help = "How long answers of an upstream took.";
  return [{ name: "tenk_dns_upstream_response_seconds", help, type: "histogram", samples }];
}
