import type { SeriesName } from "../../api.ts";
import { type ChartSpec, TONES, type Tone } from "../chart/mod.ts";
import { keysOf } from "../names.ts";

const [ANSWERS, RTT] = ["tenk_dns_answers_total", "tenk_dns_upstream_recent_response_seconds"];
const [RESPONSES, DROPPED] = ["tenk_dns_responses_total", "tenk_dns_dropped_total"];

/** The series that the charts of this part draw. */
export const DNS_CHARTED: readonly string[] = [ANSWERS, RTT, RESPONSES, DROPPED];

const VERDICTS: readonly (readonly [label: string, verdicts: readonly string[], tone: Tone])[] = [
  ["cached", ["cached"], "accent"],
  ["forwarded", ["forwarded"], "green"],
  ["local", ["local", "special", "rewritten"], "ink"],
  ["blocked", ["blocked"], "amber"],
];

/** Queries by where their answers came from. */
export function queriesSpec(names: readonly SeriesName[]): ChartSpec {
  return {
    title: "Queries",
    unit: "perSecond",
    isStacked: true,
    lines: VERDICTS.map(([label, verdicts, tone]) => ({
      ...{ label, tone, isFilled: true },
      keys: verdicts.flatMap((verdict) => keysOf(names, ANSWERS, { verdict })),
    })),
  };
}

/** Lines of one chart. */
const MOST_UPSTREAMS = TONES.length;

/** How long upstreams take to answer. */
export function upstreamsSpec(names: readonly SeriesName[]): ChartSpec {
  const series = names.filter(({ name }) => name === RTT).slice(0, MOST_UPSTREAMS);
  return {
    title: "Round trips of upstreams",
    unit: "seconds",
    empty: "no upstream has been asked",
    lines: series.map(({ key, labels }, index) => ({
      ...{ label: shortName(labels.upstream ?? ""), keys: [key], tone: TONES[index]!, isDashed: index > 0 },
    })),
  };
}

/** `tls://9.9.9.9:853#dns.quad9.net` is `dns.quad9.net`. */
export function shortName(upstream: string): string {
  return /#(.+)$/.exec(upstream)?.[1] ?? upstream.replace(/^\w+:\/\//, "").replace(/:(53|853|443)(?=\/|$)/, "");
}

/** What went wrong. */
export function failuresSpec(names: readonly SeriesName[]): ChartSpec {
  const codes = [
    ["failed", "SERVFAIL", "red"],
    ["refused", "REFUSED", "amber"],
    ["malformed", "FORMERR", "violet"],
  ] as const;
  return {
    title: "Failed and refused",
    unit: "perSecond",
    lines: [
      ...codes.map(([label, rcode, tone]) => ({ label, tone, keys: keysOf(names, RESPONSES, { rcode }) })),
      { label: "not answered", tone: "ink", isDashed: true, keys: keysOf(names, DROPPED) },
    ],
  };
}
