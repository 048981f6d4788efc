import { type Metric, oncePerTurn } from "../../metrics/mod.ts";
import { rcodeName } from "../../wire/dns/mod.ts";
import { ChainCount, MALFORMED, RCODES, REFUSAL_REASONS } from "../chain/mod.ts";
import { TRANSPORT_NAMES } from "../log/mod.ts";
import type { DnsServer } from "../server/mod.ts";
import { cacheMetrics } from "./cache-metrics.ts";
import { listMetrics } from "./list-metrics.ts";
import { logMetrics } from "./log-metrics.ts";
import { mdnsMetrics } from "./mdns-metrics.ts";
import { sumOfRows } from "./readings.ts";
import { upstreamMetrics } from "./upstream-metrics.ts";

/** What is read of the server. */
export type MeasuredServer = Pick<DnsServer, "counts" | "isBlocking"> & {
  readonly mdns: Pick<DnsServer["mdns"], "counts" | "interfaces">;
  readonly resolver: Pick<DnsServer["resolver"], "counts" | "inFlight" | "members">;
  readonly lists: Pick<DnsServer["lists"], "names" | "bytes" | "failures" | "views">;
  readonly cache: Pick<DnsServer["cache"], "count" | "evicted"> & { readonly buffer: { readonly byteLength: number } };
  readonly log: Pick<DnsServer["log"], "counts">;
};

/** How queries were answered from memory, by their counts. */
const VERDICTS = ["local", "special", "blocked", "rewritten", "cached"] as const;

/** What the server counts. Labels are closed sets, and the upstreams and lists of the configuration. */
export function dnsMetrics(server: MeasuredServer): Metric[] {
  const counts = oncePerTurn(() => sumOfRows(server.counts));
  const one = (name: string, help: string, place: number): Metric => ({
    ...{ type: "counter", name: `tenk_dns_${name}`, help },
    read: (report) => report(counts()[place]!),
  });
  /** A count for each of a closed set, in slots that follow each other. */
  const each = (name: string, help: string, label: string, values: readonly string[], place: number): Metric => ({
    ...{ type: "counter", name: `tenk_dns_${name}`, help, labels: [label] },
    read(report) {
      for (const [index, value] of values.entries()) report(counts()[place + index]!, { [label]: value });
    },
  });
  return [
    each("queries_total", "Queries received, by transport.", "transport", TRANSPORT_NAMES, ChainCount.transports),
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
      name: "tenk_dns_responses_total",
      help: "Answers to clients, by response code.",
      labels: ["rcode"],
      read(report) {
        for (const [rcode, count] of responses(counts(), server.resolver.counts.rcodes)) report(count, { rcode });
      },
    },
    each("refused_total", "Queries that were refused, by reason.", "reason", REFUSAL_REASONS, ChainCount.refused),
    each("malformed_total", "Queries that are malformed, by reason.", "reason", MALFORMED, ChainCount.malformed),
    one(
      "blocked_targets_total",
      "Answers that were blocked because they lead to a blocked name.",
      ChainCount.blockedTargets,
    ),
    one("dropped_total", "Refused queries that got no answer.", ChainCount.dropped),
    one("stale_answers_total", "Answers past their TTL, while no upstream had a newer one.", ChainCount.stale),
    one("truncated_answers_total", "Answers that did not fit a datagram.", ChainCount.truncated),
    ...cacheMetrics(server),
    ...upstreamMetrics(server),
    ...listMetrics(server),
    ...logMetrics(server),
    ...mdnsMetrics(server),
  ];
}

/** The codes that RFC 1035 has have a name each; all others are one. */
const NAMED_RCODES = 6;

function responses(counts: Float64Array, forwarded: Float64Array): Map<string, number> {
  const sums = new Map<string, number>();
  for (let rcode = 0; rcode < RCODES; rcode++) {
    const name = rcode < NAMED_RCODES ? rcodeName(rcode) : "other";
    const count = counts[ChainCount.rcodes + rcode]! + forwarded[rcode]!;
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}
