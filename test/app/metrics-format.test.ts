import { expect, test } from "bun:test";
import { metricsFormat } from "../../src/app/admin/metrics-format.ts";

test.each([
  ["", "text"],
  ["*/*", "text"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
  ["application/openmetrics-text", "openmetrics"],
  ["Application/OpenMetrics-Text; Version=1.0.0", "openmetrics"],
  ['application/openmetrics-text; version="1.0.0"', "openmetrics"],
  ["application/openmetrics-text; version=2.0.0", "text"],
  ["application/openmetrics-text;version=0.0.1", "text"],
  ["application/openmetrics-text;q=0", "text"],
  ["application/openmetrics-text;q=none", "text"],
  ["text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.9", "text"],
  // Prometheus 2.42, then 3
  [
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "openmetrics",
  ],
  [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    "openmetrics",
  ],
] as const)("Accept %j gets %s", (accept, format) => {
  expect(metricsFormat(accept)).toBe(format);
});
