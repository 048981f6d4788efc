import type { ExpositionFormat } from "../../metrics/mod.ts";

/** The `Content-Type` of each format. */
export const METRICS_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * Returns the format for an `Accept` header (RFC 9110 §12.5.1): OpenMetrics only where it is named and weighs no less than text,
 * since a browser accepts anything and should get text.
 *
 * @param accept the request's `Accept`; "" when there is none
 * @example
 * metricsFormat("application/openmetrics-text; version=1.0.0, text/plain;q=0.5"); // "openmetrics"
 * metricsFormat("text/html"); // "text"
 */
export function metricsFormat(accept: string): ExpositionFormat {
  let openMetrics = 0;
  let text = 0;
  for (const range of accept.toLowerCase().split(",")) {
    const [type, ...words] = range.split(";").map((word) => word.trim());
    const parameters = new Map(words.map((word) => [word.replace(/\s*=.*/, ""), word.replace(/^[^=]*=\s*/, "")]));
    const weight = Number(parameters.get("q") ?? 1);
    const version = (parameters.get("version") ?? "1.0.0").replaceAll('"', "");
    if (type === "application/openmetrics-text" && version === "1.0.0")
      openMetrics = Math.max(openMetrics, weight || 0);
    if (type === "text/plain") text = Math.max(text, weight || 0);
  }
  return openMetrics > 0 && openMetrics >= text ? "openmetrics" : "text";
}
