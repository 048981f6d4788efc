import type { LiveStreams } from "./live.ts";
import type { Route } from "./request-context.ts";
import { errorResponse, respond } from "./response.ts";

const TYPE = "text/event-stream; charset=utf-8";

/** `GET /api/live` */
export function liveRoute(live: LiveStreams): Route {
  return {
    get({ request, stayOpen, sessionEnd }) {
      if (request.method === "HEAD") return respond(200, TYPE, null);
      const stream = live.open(lastSecond(request.headers.get("last-event-id")), sessionEnd());
      if (stream === undefined) {
        return errorResponse(503, "too many are watching", "close another page", { "retry-after": "5" });
      }
      stayOpen();
      return respond(200, TYPE, stream, { "x-accel-buffering": "no" });
    },
  };
}

/** An event's id is its second since 1970; anything else is ignored. */
function lastSecond(id: string | null): number | undefined {
  return id !== null && /^\d{1,12}$/.test(id) ? Number(id) * 1000 : undefined;
}
