import { LOG_LEVELS, type LogLevel, type LogRing } from "./log-ring.ts";
import type { Route } from "./request-context.ts";
import { badRequest, json } from "./response.ts";
import { numberIn } from "./series-routes.ts";

/** `GET /api/log?level=&part=&limit=`: the last lines of that level and above, the oldest first. */
export function logRoute(log: LogRing): Route {
  return {
    get({ query }) {
      const level = query.get("level") || "debug";
      if (!isLevel(level)) throw badRequest(`cannot read level: expected one of ${LOG_LEVELS.join(", ")}`);
      const part = query.get("part") ?? "";
      const least = LOG_LEVELS.indexOf(level);
      const limit = Math.max(1, numberIn(query, "limit") ?? 1000);
      const lines = log
        .since(0)
        .filter((line) => LOG_LEVELS.indexOf(line.level) >= least && (part === "" || line.part === part));
      return json({ lines: lines.slice(-limit) });
    },
  };
}

function isLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}
