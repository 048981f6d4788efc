import { type Mark, numberParam } from "../../part/mod.ts";
import type { Route } from "./request-context.ts";
import { badRequest, json } from "./response.ts";

/** `GET /api/marks?from=&to=`, in milliseconds: what happened meanwhile, the oldest first; the last day by default. */
export function marksRoute(
  between: (fromMs: number, toMs: number) => Promise<readonly Mark[]>,
  now: () => number = Date.now,
): Route {
  return {
    async get({ query }) {
      const toMs = numberParam(query, "to") ?? now();
      const fromMs = numberParam(query, "from") ?? toMs - 86_400_000;
      if (toMs < fromMs) throw badRequest("expected from before to");
      return json({ marks: await between(fromMs, toMs) });
    },
  };
}
