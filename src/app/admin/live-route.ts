import { answer, refusal } from "./answer.ts";
import type { LiveStreams } from "./live.ts";
import type { Route } from "./visit.ts";

const TYPE = "text/event-stream; charset=utf-8";

/** `GET /api/live` */
export function liveRoute(live: LiveStreams): Route {
  return {
    get({ request, stayOpen, ending }) {
      if (request.method === "HEAD") return answer(200, TYPE, null);
      const stream = live.open(lastSecond(request.headers.get("last-event-id")), ending());
      if (stream === undefined) {
        return refusal(503, "too many are watching", "close another page", { "retry-after": "5" });
      }
      stayOpen();
      return answer(200, TYPE, stream, { "x-accel-buffering": "no" });
    },
  };
}

/** Our ids are seconds since 1970; anything else is as if there were none. */
function lastSecond(id: string | null): number | undefined {
  return id !== null && /^\d{1,12}$/.test(id) ? Number(id) * 1000 : undefined;
}
