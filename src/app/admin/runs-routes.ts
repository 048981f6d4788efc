import { type Runs, readFinishedRun } from "../persistence/mod.ts";
import { readJson } from "./body.ts";
import { type LiveRun, RUN_SNAPSHOT } from "./live-run.ts";
import type { Route } from "./request-context.ts";
import { badRequest, errorResponse, json } from "./response.ts";

const MAX_SNAPSHOT_BYTES = 65_536;

/** `GET /api/runs`, `GET /api/runs/ID`, `POST /api/runs/live`, `POST /api/runs`. */
export function runsRoutes(
  runs: Runs,
  live: LiveRun,
  now: () => number = Date.now,
): (path: string) => Route | undefined {
  const list: Route = {
    get: async () => json({ runs: await runs.list() }),
    async post({ request, query }) {
      const run = readFinishedRun(await readJson(request));
      if (run === undefined) throw badRequest("expected { startedAt, report, series }");
      live.end(query.get("live") ?? undefined);
      return json({ id: await runs.add(run) }, 201);
    },
  };
  const progress: Route = {
    get() {
      const { value } = live.since(-1, now());
      return json({ run: value?.lostAt === undefined ? value : null });
    },
    async post({ request }) {
      const read = RUN_SNAPSHOT.safeParse(await readJson(request, MAX_SNAPSHOT_BYTES));
      if (!read.success) throw badRequest("expected { id, target, snapshot }");
      live.update(read.data, now());
      return json({});
    },
  };
  const one = (id: string): Route => ({
    async get() {
      const run = await runs.get(id);
      return run === undefined ? errorResponse(404, "there is no such run", "GET /api/runs lists them") : json(run);
    },
  });
  return (path) => {
    if (path === "/api/runs") return list;
    if (path === "/api/runs/live") return progress;
    const id = /^\/api\/runs\/(m?\d{1,15})$/.exec(path)?.[1];
    return id === undefined ? undefined : one(id);
  };
}
