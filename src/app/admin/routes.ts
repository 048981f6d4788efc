import type { ExpositionFormat, History } from "../../metrics/mod.ts";
import type { Runs } from "../persistence/mod.ts";
import { type Assets, assetRoutes } from "./asset-routes.ts";
import type { LiveStreams } from "./live.ts";
import { liveRoute } from "./live-route.ts";
import type { LiveRun } from "./live-run.ts";
import type { LogRing } from "./log-ring.ts";
import { logRoute } from "./log-route.ts";
import { metricsRoute } from "./metrics-route.ts";
import { partRoutes, type ServedPart } from "./part-routes.ts";
import type { Route, Routes } from "./request-context.ts";
import { json, respond, TEXT } from "./response.ts";
import { runsRoutes } from "./runs-routes.ts";
import { namesRoute, seriesRoute } from "./series-routes.ts";

/** What the server answers with. */
export interface AdminSources {
  /** False from the moment the box begins to stop: whoever spreads work over boxes looks here. */
  readonly healthy: () => boolean;
  readonly status: () => unknown;
  /** Where it keeps things; undefined: in memory alone. */
  readonly dataFolder: string | undefined;
  /** As text for Prometheus, in the format that was asked for. */
  readonly metrics: (format: ExpositionFormat) => Promise<string>;
  readonly history: History;
  readonly helpOf: (name: string) => string;
  readonly live: LiveStreams;
  readonly parts: () => readonly ServedPart[];
  readonly runs: Runs;
  readonly liveRun: LiveRun;
  readonly log: LogRing;
  readonly assets: Assets;
}

/** Every path there is. */
export function adminRoutes(parts: AdminSources): Routes {
  const { healthy, status, history } = parts;
  const fixed: Readonly<Record<string, Route>> = {
    "/healthz": {
      isPublic: true,
      get: () => (healthy() ? respond(200, TEXT, "ok\n") : respond(503, TEXT, "stopping\n")),
    },
    "/metrics": metricsRoute(parts.metrics),
    "/api/status": { get: async () => json(await status()) },
    // For programs of the same user, who find the token there: `tenk load` tells of its run.
    "/api/instance": { get: () => json({ dataFolder: parts.dataFolder ?? null }) },
    "/api/names": namesRoute(history, parts.helpOf),
    "/api/series": seriesRoute(history),
    "/api/live": liveRoute(parts.live),
    "/api/log": logRoute(parts.log),
  };
  const ofParts = partRoutes(parts.parts);
  const runs = runsRoutes(parts.runs, parts.liveRun);
  const asset = assetRoutes(parts.assets);
  return (path) => {
    if (Object.hasOwn(fixed, path)) return fixed[path];
    return path.startsWith("/api/") ? (ofParts(path) ?? runs(path)) : asset(path);
  };
}
