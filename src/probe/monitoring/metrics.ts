import type { Metric, Report } from "../../metrics/mod.ts";
import { STATES } from "../health/mod.ts";
import type { ProbedService } from "../schedule/mod.ts";

/** What this machine cannot look at is neither. */
const SUCCESS = { up: 1, restricted: 1, degraded: 1, starting: 1, down: 0, unknown: undefined } as const;

/** Metrics of all services. Labels are declared services, and closed sets; the names without `tenk_` are blackbox_exporter's. */
export function probeMetrics(services: () => readonly ProbedService[]): Metric[] {
  const each = (report: Report, value: (service: ProbedService) => number | undefined) => {
    for (const service of services()) {
      const found = value(service);
      if (found !== undefined) report(found, { service: service.name });
    }
  };
  return [
    {
      type: "gauge",
      name: "probe_success",
      help: "1 if the last probe found the service answering, else 0.",
      labels: ["service"],
      read: (report) => each(report, ({ last }) => last && SUCCESS[last.result]),
    },
    {
      type: "gauge",
      name: "probe_duration_seconds",
      help: "Time to the answer that decided; without a value where the last probe had no answer.",
      labels: ["service"],
      // An outage is a gap in the chart, and no flat line.
      read: (report) => each(report, ({ last }) => last?.facts.latencyMs && last.facts.latencyMs / 1000),
    },
    {
      type: "gauge",
      name: "probe_ssl_earliest_cert_expiry",
      help: "When the service's certificate is over, in seconds since 1970.",
      labels: ["service"],
      read: (report) =>
        each(report, ({ health }) => health.facts.certificateUntilMs && health.facts.certificateUntilMs / 1000),
    },
    {
      type: "gauge",
      name: "tenk_probe_state",
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
      help: "Probes, by what they found.",
      labels: ["service", "result"],
      read(report) {
        for (const { name, counts } of services())
          for (const [result, count] of Object.entries(counts.byResult)) report(count, { service: name, result });
      },
    },
  ];
}
