import type { HttpApplication } from "../../part/mod.ts";
import type { HttpExpectations } from "./http-expectations.ts";

/** How an application is asked whether it is well, by its own documentation. */
export interface Application extends HttpExpectations {
  readonly path: string;
  /** Statuses of one that is well. @default {["200"]} */
  readonly status?: readonly string[];
  /** Statuses of one that is not ready yet. */
  readonly starting?: readonly string[];
  /** Where its version stands in such an answer: a header, a path in JSON, or the whole body. */
  readonly version?: { readonly header: string } | { readonly json: string } | "body";
}

const ARR: Application = { path: "/ping", json: { ".status": "OK" } };
const FORGE: Application = { path: "/api/healthz", json: { ".status": "pass" } };
const SEARCH: Application = { path: "/_cluster/health", starting: ["503"], body: "status", notBody: '"status":"red"' };

/** Statuses other than 200 are those of a program that works, and shows no more to strangers. */
export const APPLICATIONS: Readonly<Record<HttpApplication, Application>> = {
  adguard: { path: "/control/status", status: ["200", "401", "403"], version: { json: ".version" } },
  alertmanager: { path: "/-/ready" },
  elasticsearch: SEARCH,
  emby: { path: "/System/Ping", starting: ["503"] },
  etcd: { path: "/health", json: { ".health": "true" } },
  forgejo: FORGE,
  gitea: FORGE,
  grafana: { path: "/api/health", json: { ".database": "ok" }, version: { json: ".version" } },
  // Each request to /api/ without a token is a failed login in its log.
  "home-assistant": { path: "/manifest.json" },
  immich: { path: "/api/server/ping", json: { ".res": "pong" } },
  // Version 3 asks for a token even here.
  influxdb: { path: "/ping", status: ["200", "204", "401"], version: { header: "x-influxdb-version" } },
  jellyfin: { path: "/health", starting: ["503"], body: "Healthy" },
  lidarr: ARR,
  nextcloud: {
    path: "/status.php",
    json: { ".installed": true, ".maintenance": false },
    version: { json: ".versionstring" },
  },
  "node-red": { path: "/settings", status: ["200", "401"], version: { json: ".version" } },
  opensearch: SEARCH,
  prometheus: { path: "/-/ready", starting: ["503"] },
  prowlarr: ARR,
  qbittorrent: { path: "/api/v2/app/version", status: ["200", "403"], version: "body" },
  radarr: ARR,
  readarr: ARR,
  // A registry that asks who is there says so by this header all the same.
  registry: { path: "/v2/", status: ["200", "401"], header: { "docker-distribution-api-version": true } },
  sonarr: ARR,
  syncthing: {
    path: "/rest/noauth/health",
    status: ["200", "401", "403", "404"],
    header: { "x-syncthing-version": true },
    version: { header: "x-syncthing-version" },
  },
  // Its guard against forged requests: the first one gets an id and 409.
  transmission: { path: "/transmission/rpc", status: ["200", "401", "409"] },
  vaultwarden: { path: "/alive" },
};
