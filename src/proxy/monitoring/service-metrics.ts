import { OUTCOMES } from "../../http/mod.ts";
import { type Family, histogramSamples, type Metric, oncePerTurn, type Report } from "../../metrics/mod.ts";
import { DURATION_BOUNDS_SECONDS, METHODS, Place, STATUS_CLASSES } from "../counts.ts";
import { REJECTIONS } from "../guard/mod.ts";
import { type BrokenRule, requestsOf, type ServiceReading } from "./readings.ts";

/** What services count, read from the rows of the event loops. Labels are bounded: declared services, and closed sets. */
export function serviceMetrics(readAll: () => readonly ServiceReading[]): Metric[] {
  const read = oncePerTurn(readAll);
  const each = (
    type: Metric["type"],
    name: string,
    help: string,
    pick: (reading: ServiceReading) => number,
  ): Metric => ({
    type,
    name: `tenk_http_${name}`,
    help,
    labels: ["service"],
    read(report) {
      for (const reading of read()) report(pick(reading), { service: reading.service });
    },
  });
  const at = (place: number) => (reading: ServiceReading) => reading.row[place]!;
  return [
    {
      type: "counter",
      name: "tenk_http_requests_total",
      help: "Requests that ended, by method and class of the status.",
      labels: ["service", "method", "code"],
      read(report) {
        for (const { service, row } of read()) reportRequests(report, service, row);
      },
    },
    {
      type: "counter",
      name: "tenk_http_request_errors_total",
      help: "Requests without a whole answer, by what ended them.",
      labels: ["service", "outcome"],
      read(report) {
        for (const { service, row } of read()) {
          for (const [index, outcome] of OUTCOMES.entries()) {
            if (outcome !== "answered") report(row[Place.outcomes + index]!, { service, outcome });
          }
        }
      },
    },
    {
      type: "counter",
      name: "tenk_http_requests_rejected_total",
      help: "Requests that were not let to the service, by reason.",
      labels: ["service", "reason"],
      read(report) {
        for (const { service, row } of read()) {
          for (const [index, reason] of REJECTIONS.entries()) {
            report(row[Place.rejections + index]!, { service, reason });
          }
        }
      },
    },
    each("gauge", "requests_in_flight", "Requests in progress, WebSockets included.", ({ inProgress }) => inProgress),
    each(
      "gauge",
      "recent_response_seconds",
      "From a request's head to the head of its answer, mean of about the last twenty on each event loop.",
      ({ recentLatencySeconds }) => recentLatencySeconds,
    ),
    each("counter", "retries_total", "Requests that were sent to a target once more.", at(Place.retries)),
    each("counter", "tunnels_total", "Requests that became WebSockets.", at(Place.tunnels)),
    each(
      "counter",
      "log_lines_dropped_total",
      "Lines that the access log lost, since the disk was slow, full or read-only.",
      at(Place.logLinesDropped),
    ),
    each(
      "counter",
      "request_size_bytes_total",
      "Bytes of requests, heads and content.",
      ({ row }) => row[Place.requestHeadBytes]! + row[Place.requestBodyBytes]!,
    ),
    each(
      "counter",
      "response_size_bytes_total",
      "Bytes of answers, heads and content.",
      ({ row }) => row[Place.responseHeadBytes]! + row[Place.responseBodyBytes]!,
    ),
  ];
}

/** A service that was never used has no series by method. */
function reportRequests(report: Report, service: string, row: Float64Array): void {
  for (const [method, methodName] of METHODS.entries()) {
    for (const [index, code] of STATUS_CLASSES.entries()) {
      const value = row[Place.requests + method * STATUS_CLASSES.length + index]!;
      if (value > 0) report(value, { service, method: methodName, code });
    }
  }
}

/** How long requests took. */
export function serviceHistograms(readings: readonly ServiceReading[]): Family[] {
  const used = readings.filter(({ row }) => requestsOf(row) > 0);
  const family = (name: string, help: string, place: number): Family => ({
    name: `tenk_http_${name}`,
    help,
    type: "histogram",
    samples: used.flatMap(({ service, row }) => {
      let sum = 0;
      const cumulative = [...DURATION_BOUNDS_SECONDS, Number.POSITIVE_INFINITY].map(
        (_, index) => (sum += row[place + index]!),
      );
      const sumSeconds = row[place + DURATION_BOUNDS_SECONDS.length + 1]!;
      return histogramSamples({ service }, DURATION_BOUNDS_SECONDS, cumulative, sumSeconds);
    }),
  });
  return [
    family(
      "request_duration_seconds",
      "From a request's head to the end of its answer; without WebSockets.",
      Place.durations,
    ),
    family("response_duration_seconds", "From a request's head to the head of its answer.", Place.firstBytes),
  ];
}

/** What was no request. */
export function brokenRuleMetric(read: () => readonly BrokenRule[]): Metric {
  return {
    type: "counter",
    name: "tenk_http_broken_rules_total",
    help: "What was no request: heads that are refused, and limits of HTTP/2 that were reached.",
    labels: ["protocol", "reason"],
    read(report) {
      for (const { protocol, reason, count } of read()) report(count, { protocol, reason });
    },
  };
}
