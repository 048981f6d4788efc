import type { ProtocolResult } from "../loop/mod.ts";
import { CONNECT_PHASES } from "../measure/mod.ts";
import type { HttpReport } from "../report.ts";
import type { ProtocolProgress } from "../snapshot.ts";
import { countsByKind } from "./counts.ts";
import { requestRows } from "./counts-by-request.ts";
import type { HttpPlan } from "./plan.ts";
import { scriptCounters } from "./script/mod.ts";

const REDIRECTS: readonly string[] = ["301", "302", "303", "307", "308"];

/** Makes the report's section of HTTP. */
export function httpReport(plan: HttpPlan, { counts, latencies, perSecond, percentiles }: ProtocolResult): HttpReport {
  const { plain, status, errorsBy } = countsByKind(counts);
  const requests = requestRows(counts);
  const counters = scriptCounters(counts);
  const measured = CONNECT_PHASES.filter((phase) => latencies.count(phase) > 0);
  return {
    kind: "http",
    version: plan.http2 ? "2" : "1.1",
    url: plan.url,
    method: plan.method,
    model: modelOf(plan),
    perConnection: plan.pipeline,
    perSecond,
    status,
    redirects: sum(REDIRECTS.map((each) => status[each] ?? 0)),
    wrongStatus: plain.wrongStatus,
    wrongBody: plan.expectBody === undefined ? null : plain.wrongBody,
    errors: sum(Object.values(errorsBy)),
    errorsBy,
    interims: plain.interims,
    resent: plain.resent,
    bodyBytes: plain.bodyBytes,
    ...(requests.length > 1 ? { requests } : {}),
    ...(Object.keys(counters).length > 0 ? { script: counters } : {}),
    ...(plan.requests.cookies === undefined
      ? {}
      : { cookies: { taken: counts["cookies taken"] ?? 0, ignored: counts["cookies ignored"] ?? 0 } }),
    latencyUs: Object.fromEntries(measured.map((phase) => [phase, latencies.summary(phase, percentiles)])),
  };
}

/** Makes the section of HTTP in a snapshot. */
export function httpProgress(plan: HttpPlan, counts: Readonly<Record<string, number>>): ProtocolProgress {
  const { plain, errorsBy } = countsByKind(counts);
  const wrong = plain.wrongStatus + plain.wrongBody;
  return { kind: "http", model: modelOf(plan), errors: sum(Object.values(errorsBy)), wrong };
}

function modelOf({ pace }: HttpPlan): HttpReport["model"] {
  return pace === "total" ? "open" : "closed";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
