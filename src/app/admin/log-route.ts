import { choiceParam, numberParam } from "../../part/mod.ts";
import { LOG_LEVELS, type LogRing } from "./log-ring.ts";
import type { Route } from "./request-context.ts";
import { json } from "./response.ts";

/** `GET /api/log?level=&part=&limit=`: the last lines of that level and above, the oldest first. */
export function logRoute(log: LogRing): Route {
  return {
    get({ query }) {
      const least = LOG_LEVELS.indexOf(choiceParam(query, "level", LOG_LEVELS));
      const part = query.get("part") ?? "";
      const limit = Math.max(1, numberParam(query, "limit") ?? 1000);
      const lines = log
        .since(0)
        .filter((line) => LOG_LEVELS.indexOf(line.level) >= least && (part === "" || line.part === part));
      return json({ lines: lines.slice(-limit) });
    },
  };
}
