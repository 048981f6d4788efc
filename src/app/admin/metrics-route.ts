import type { ExpositionFormat } from "../../metrics/mod.ts";
import { METRICS_TYPES, metricsFormat } from "./metrics-format.ts";
import type { Route } from "./request-context.ts";
import { respond } from "./response.ts";

/** `GET /metrics`, in the format of its `Accept`. */
export function metricsRoute(metrics: (format: ExpositionFormat) => Promise<string>): Route {
  return {
    isScrape: true,
    async get({ request }) {
      const format = metricsFormat(request.headers.get("accept") ?? "");
      return respond(200, METRICS_TYPES[format], await metrics(format), { vary: "accept" });
    },
  };
}
