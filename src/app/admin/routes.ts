import type { ExpositionFormat, History } from "../../metrics/mod.ts";
import type { Mark } from "../../part/mod.ts";
import type { Runs } from "../persistence/mod.ts";
import { type Assets, assetRoutes } from "./asset-routes.ts";
import type { LiveStreams } from "./live.ts";
import { liveRoute } from "./live-route.ts";
import type { LiveRun } from "./live-run.ts";
import type { LogRing } from "./log-ring.ts";
import { logRoute } from "./log-route.ts";
import { marksRoute } from "./marks-route.ts";
import { metricsRoute } from "./metrics-route.ts";
import { openRoutes, partRoutes, type ServedPart } from "./part-routes.ts";
import type { Route, Routes } from "./request-context.ts";
import { json, respond, TEXT } from "./response.ts";
import { runsRoutes } from "./runs-routes.ts";
import { namesRoute, seriesRoute } from "./series-routes.ts";

/** What the routes read from. */
export interface AdminSources {
  /** False as soon as the instance begins to stop, so that a load balancer sends nothing more. */
  readonly healthy: () => boolean;
  /** False before everything serves, and as soon as a stop was asked for: earlier than `healthy`. */
  readonly ready: () => boolean;
  readonly status: () => unknown;
  /** Undefined: everything is in memory. */
  readonly dataFolder: string | undefined;
  readonly metrics: (format: ExpositionFormat) => Promise<string>;
  readonly history: History;
  readonly helpOf: (name: string) => string;
  readonly live: LiveStreams;
  readonly parts: () => readonly ServedPart[];
  readonly runs: Runs;
  readonly liveRun: LiveRun;
  readonly marks: (fromMs: number, toMs: number) => Promise<readonly Mark[]>;
  readonly log: LogRing;
  readonly assets: Assets;
}

/** Maps every path of the admin server to its route. */
export function adminRoutes(sources: AdminSources): Routes {
  const { healthy, ready, status, history } = sources;
  const fixed: Readonly<Record<string, Route>> = {
    "/healthz": {
      isPublic: true,
      get: () => (healthy() ? respond(200, TEXT, "ok\n") : respond(503, TEXT, "stopping\n")),
    },
    "/readyz": {
      isPublic: true,
      get: () => (ready() ? respond(200, TEXT, "ready\n") : respond(503, TEXT, "not ready\n")),
    },
    "/metrics": metricsRoute(sources.metrics),
    "/api/status": { get: async () => json(await status()) },
    // `tenk load` of the same user finds the token in this folder, and posts its run.
    "/api/instance": { get: () => json({ dataFolder: sources.dataFolder ?? null }) },
    "/api/names": namesRoute(history, sources.helpOf),
    "/api/series": seriesRoute(history),
    "/api/live": liveRoute(sources.live),
    "/api/log": logRoute(sources.log),
    "/api/marks": marksRoute(sources.marks),
  };
  const partRoute = partRoutes(sources.parts);
  const runsRoute = runsRoutes(sources.runs, sources.liveRun);
  const openRoute = openRoutes(sources.parts);
  const assetRoute = assetRoutes(sources.assets);
  return (path) => {
    if (Object.hasOwn(fixed, path)) return fixed[path];
    return path.startsWith("/api/") ? (partRoute(path) ?? runsRoute(path)) : (openRoute(path) ?? assetRoute(path));
  };
}
