import type { Log } from "../../base/mod.ts";
import type { Access } from "./access.ts";
import { authMiddleware } from "./auth-middleware.ts";
import type { Routes } from "./request-context.ts";
import { serveHttp } from "./serve.ts";
import type { Site } from "./site.ts";

export interface AdminServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly access: Access;
  readonly site: () => Site;
  readonly routes: Routes;
  readonly log: Log;
}

export interface AdminServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Serves the routes behind the auth middleware.
 *
 * @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`
 */
export async function serveAdmin(options: AdminServerOptions): Promise<AdminServer> {
  const { host, port, access, site, routes, log } = options;
  let bound = port;
  const cookie = () => `tenk-${bound}`;
  const served = await serveHttp(host, port, authMiddleware({ access, routes, host, site, cookie, log }), log);
  bound = served.port;
  return served;
}
