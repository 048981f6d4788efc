import { requestRows } from "../http/mod.ts";
import type { ProtocolResult } from "../loop/mod.ts";
import { CONNECT_PHASES } from "../measure/mod.ts";
import type { DnsReport } from "../report.ts";
import type { ProtocolProgress } from "../snapshot.ts";
import { countsByKind } from "./counts.ts";
import type { DnsPlan } from "./plan.ts";
import { namedRcodes } from "./rcodes.ts";

/** Makes the report's section of DNS. */
export function dnsReport(plan: DnsPlan, { counts, latencies, perSecond, percentiles }: ProtocolResult): DnsReport {
  const { plain, rcodes, errorsBy } = countsByKind(counts);
  const measured = CONNECT_PHASES.filter((phase) => latencies.count(phase) > 0);
  const { mismatched, malformed, duplicates, late, unknown, truncated, retried, wrongRcode, resent } = plain;
  const files = requestRows(counts).map(({ status, ...row }) => ({ ...row, rcodes: namedRcodes(status) }));
  return {
    kind: "dns",
    mode: plan.mode,
    model: modelOf(plan),
    outstanding: plan.pipeline * plan.connections,
    perSecond,
    rcodes: namedRcodes(rcodes),
    wrongRcode,
    truncated,
    retriedOverTcp: plan.retryTruncated ? retried : null,
    errors: sum(Object.values(errorsBy)),
    errorsBy,
    resent,
    mismatched,
    malformed,
    duplicates,
    lateAnswers: late,
    unknownIds: unknown,
    ...(files.length > 1 ? { files } : {}),
    latencyUs: Object.fromEntries(measured.map((phase) => [phase, latencies.summary(phase, percentiles)])),
  };
}

/** Makes the section of DNS in a snapshot. */
export function dnsProgress(plan: DnsPlan, counts: Readonly<Record<string, number>>): ProtocolProgress {
  const { plain, errorsBy } = countsByKind(counts);
  const wrong = plain.wrongRcode + plain.mismatched + plain.malformed;
  return { kind: "dns", model: modelOf(plan), errors: sum(Object.values(errorsBy)), wrong };
}

function modelOf({ pace }: DnsPlan): DnsReport["model"] {
  return pace === "total" ? "open" : "closed";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
