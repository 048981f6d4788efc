import type { Metric, Report } from "../../metrics/mod.ts";
import { STATES } from "../health/mod.ts";
import type { ProbedService } from "../schedule/mod.ts";

/** What this machine cannot look at is neither. */
const SUCCESS = { up: 1, restricted: 1, degraded: 1, starting: 1, down: 0, unknown: undefined } as const;

/** The points of the history on disk. */
const POINT_MS = 10_000;

/**
 * Metrics of all services. Labels are declared services, and closed sets; the names without `tenk_` are blackbox_exporter's.
 *
 * The history of the metrics has the time to the answer alone: 200 services would have 3000 series, and states are kept by `history/`. That time
 * changes only where a point of ten seconds begins, and is rounded: one that changes within a point has a minimum, a mean and a maximum of all
 * bits, and 200 services would write 24 MB a day instead of 5.
 */
export function probeMetrics(services: () => readonly ProbedService[]): Metric[] {
  const each = (report: Report, value: (service: ProbedService) => number | undefined) => {
    for (const service of services()) {
      const found = value(service);
      if (found !== undefined) report(found, service.labels);
    }
  };
  const duration = heldForAPoint(services);
  return [
    {
      type: "gauge",
      name: "probe_success",
      isKept: false,
      help: "1 if the last probe found the service answering, else 0.",
      labels: ["service"],
      read: (report) => each(report, ({ last }) => last && SUCCESS[last.result]),
    },
    {
      type: "gauge",
      name: "probe_duration_seconds",
      help: "Time to the answer that decided; without a value where the last probe had no answer. Rounded to a part in 500, and up to 10 s old.",
      labels: ["service"],
      // An outage is a gap in the chart, and no flat line.
      read: (report) => each(report, duration),
    },
    {
      type: "gauge",
      name: "probe_ssl_earliest_cert_expiry",
      isKept: false,
      help: "When the service's certificate is over, in seconds since 1970.",
      labels: ["service"],
      read: (report) =>
        each(report, ({ health }) => health.facts.certificateUntilMs && health.facts.certificateUntilMs / 1000),
    },
    {
      type: "gauge",
      name: "tenk_probe_state",
      isKept: false,
      help: "1 for the state that the service is in, 0 for the others.",
      labels: ["service", "state"],
      read(report) {
        for (const { name, state: current } of services())
          for (const state of STATES) report(current === state ? 1 : 0, { service: name, state });
      },
    },
    {
      type: "counter",
      name: "tenk_probe_probes_total",
      isKept: false,
      help: "Probes, by what they found.",
      labels: ["service", "result"],
      read(report) {
        for (const { name, counts } of services())
          for (const [result, count] of Object.entries(counts.byResult)) report(count, { service: name, result });
      },
    },
  ];
}

/** Returns a function that reads the time to a service's last answer, and changes where a point begins. */
function heldForAPoint(services: () => readonly ProbedService[]): (service: ProbedService) => number | undefined {
  const held = new Map<ProbedService, number>();
  let point = -1;
  const take = (service: ProbedService) => {
    const latencyMs = service.last?.facts.latencyMs;
    if (latencyMs !== undefined) held.set(service, roundedSeconds(latencyMs));
  };
  return (service) => {
    // An outage is seen at once.
    if (service.last?.facts.latencyMs === undefined) return undefined;
    const now = Math.floor(Date.now() / POINT_MS);
    if (now !== point) {
      point = now;
      held.clear();
      services().forEach(take);
    }
    // The first answer is seen at once: before it there was nothing in this point.
    if (!held.has(service)) take(service);
    return held.get(service);
  };
}

/** Rounds to eight bits, a part in 500. */
export function roundedSeconds(ms: number): number {
  const seconds = Math.max(ms, 0.001) / 1000;
  const scale = 2 ** (8 - Math.floor(Math.log2(seconds)));
  return Math.round(seconds * scale) / scale;
}
