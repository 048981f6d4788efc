import type { Log } from "../../base/mod.ts";
import type { Access } from "./access.ts";
import { frontDoor } from "./front-door.ts";
import { serveHttp } from "./serve.ts";
import type { Site } from "./site.ts";
import type { Routes } from "./visit.ts";

export interface SurfaceOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly access: Access;
  readonly site: () => Site;
  readonly routes: Routes;
  readonly log: Log;
}

export interface Surface {
  readonly port: number;
  stop(): Promise<void>;
}

/** Serves what `routes` has to whoever may look. Throws the system's error (`EADDRINUSE` …) when it cannot listen. */
export function serveSurface({ host, port, access, site, routes, log }: SurfaceOptions): Surface {
  let bound = port;
  const cookie = () => `tenk-${bound}`;
  const served = serveHttp(host, port, frontDoor({ access, routes, host, site, cookie, log }));
  bound = served.port;
  return served;
}
