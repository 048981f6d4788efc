import type { ExpositionFormat } from "../../metrics/mod.ts";
import { answer } from "./answer.ts";
import { METRICS_TYPES, metricsFormat } from "./metrics-format.ts";
import type { Route } from "./visit.ts";

/** `/metrics`, in the format that is asked for. */
export function metricsRoute(metrics: (format: ExpositionFormat) => Promise<string>): Route {
  return {
    isScrape: true,
    async get({ request }) {
      const format = metricsFormat(request.headers.get("accept") ?? "");
      return answer(200, METRICS_TYPES[format], await metrics(format), { vary: "accept" });
    },
  };
}
