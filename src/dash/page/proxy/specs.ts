import type { SeriesName } from "../../api.ts";
import type { ChartSpec } from "../chart/mod.ts";
import { keysOf } from "../names.ts";

/** The series that the charts of this part draw. */
export const PROXY_CHARTED: readonly string[] = [
  "tenk_http_requests_total",
  "tenk_http_request_errors_total",
  "tenk_http_requests_in_flight",
  "tenk_http_recent_response_seconds",
  "tenk_http_request_size_bytes_total",
  "tenk_http_response_size_bytes_total",
];

const keys = (
  names: readonly SeriesName[],
  name: string,
  service: string,
  more: Readonly<Record<string, string>> = {},
) => keysOf(names, name, { service, ...more });

/** Answered requests, and what went wrong. */
export function requestsSpec(names: readonly SeriesName[], service: string): ChartSpec {
  return {
    title: "Requests",
    unit: "perSecond",
    lines: [
      { label: "requests", keys: keys(names, "tenk_http_requests_total", service), tone: "accent", isFilled: true },
      { label: "5xx", keys: keys(names, "tenk_http_requests_total", service, { code: "5xx" }), tone: "amber" },
      {
        label: "no whole answer",
        keys: keys(names, "tenk_http_request_errors_total", service),
        tone: "ink",
        isDashed: true,
      },
    ],
  };
}

/** How long answers take to begin, and how many are in progress. */
export function latencySpec(names: readonly SeriesName[], service: string): ChartSpec {
  return {
    title: "Time to answer",
    unit: "seconds",
    rightUnit: "count",
    lines: [
      { label: "recent mean", keys: keys(names, "tenk_http_recent_response_seconds", service), tone: "accent" },
      {
        label: "in flight",
        keys: keys(names, "tenk_http_requests_in_flight", service),
        tone: "ink",
        axis: "right",
        isDashed: true,
      },
    ],
  };
}

export function bytesSpec(names: readonly SeriesName[], service: string): ChartSpec {
  return {
    title: "Bytes",
    unit: "bytesPerSecond",
    lines: [
      {
        label: "sent",
        keys: keys(names, "tenk_http_response_size_bytes_total", service),
        tone: "accent",
        isFilled: true,
      },
      {
        label: "received",
        keys: keys(names, "tenk_http_request_size_bytes_total", service),
        tone: "ink",
        isDashed: true,
      },
    ],
  };
}
