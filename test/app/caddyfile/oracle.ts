import { spawnSync } from "node:child_process";
import type { HttpService, Service } from "../../../src/part/mod.ts";

/** A route as text, to be compared: `app.example.org/api strip forward 10.0.0.2:8080`. */
export type RouteText = string;

interface Handler {
  readonly handler: string;
  readonly routes?: readonly CaddyRoute[];
  readonly upstreams?: readonly { readonly dial?: string }[];
  readonly handle_response?: unknown;
  readonly headers?: Record<string, readonly string[]>;
  readonly strip_path_prefix?: string;
  readonly close?: boolean;
}

interface CaddyRoute {
  readonly match?: readonly { readonly host?: readonly string[]; readonly path?: readonly string[] }[];
  readonly handle?: readonly Handler[];
}

interface Scope {
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly strip: boolean;
}

export const hasCaddy = spawnSync("caddy", ["version"]).status === 0;

/** Returns the routes that Caddy itself reads in a Caddyfile. */
export function caddyRoutes(file: string): RouteText[] {
  const { stdout, stderr, status } = spawnSync("caddy", ["adapt", "--config", file], { encoding: "utf8", env: {} });
  if (status !== 0) throw new Error(stderr);
  const servers = JSON.parse(stdout).apps?.http?.servers ?? {};
  const routes = Object.values(servers).flatMap((server) => (server as { routes?: CaddyRoute[] }).routes ?? []);
  return unique(below(routes, { hosts: ["*"], paths: ["/"], strip: false }));
}

/** Returns the hosts that Caddy asks for authentication. */
export function guardedHosts(file: string): string[] {
  const { stdout } = spawnSync("caddy", ["adapt", "--config", file], { encoding: "utf8", env: {} });
  const servers = JSON.parse(stdout).apps?.http?.servers ?? {};
  const routes = Object.values(servers).flatMap((server) => (server as { routes?: CaddyRoute[] }).routes ?? []);
  const isGuarded = (route: CaddyRoute) => /"handler":"authentication"|"handle_response"/.test(JSON.stringify(route));
  return routes.filter(isGuarded).flatMap(({ match }) => match?.[0]?.host ?? ["*"]);
}

function below(routes: readonly CaddyRoute[], outer: Scope): RouteText[] {
  return routes.flatMap(({ match = [{}], handle = [] }) =>
    match.flatMap(({ host, path }) => {
      const paths = path?.map((each) => each.replace(/\/?\*$/, "") || "/") ?? outer.paths;
      // What a removed prefix is followed by is not within it.
      const scope = {
        ...outer,
        hosts: host ?? outer.hosts,
        paths: paths.every((each) => each === "/") ? outer.paths : paths,
      };
      const strip = outer.strip || handle.some((each) => each.strip_path_prefix !== undefined);
      return handle.flatMap((handler) => leaf(handler, { ...scope, strip: strip || strips(handler) }));
    }),
  );
}

/** `handle_path` is a subroute whose first route removes the prefix. */
function strips({ routes }: Handler): boolean {
  return routes?.some(({ handle }) => handle?.some((each) => each.strip_path_prefix !== undefined)) ?? false;
}

function leaf(handler: Handler, scope: Scope): RouteText[] {
  const text = (answer: string) =>
    scope.hosts.flatMap((host) =>
      scope.paths.map((path) =>
        [`${host}${path === "/" ? "" : path}`, ...(scope.strip ? ["strip"] : []), answer].join(" "),
      ),
    );
  switch (handler.handler) {
    case "subroute":
      return below(handler.routes ?? [], scope);
    case "reverse_proxy": {
      if (handler.handle_response !== undefined) return [];
      const dials = (handler.upstreams ?? []).map(({ dial = "" }) => dial);
      return text(`forward ${dials.flatMap(dialled).join(" ")}`);
    }
    case "static_response":
      return text(handler.headers?.Location === undefined ? "respond" : "redirect");
    case "file_server":
      return text("files");
    default:
      return [];
  }
}

/** Writes an upstream as a service has it: without short forms. */
function dialled(dial: string): string[] {
  const [, host, first, last] = /^([^/]*):(\d+)-(\d+)$/.exec(dial) ?? [];
  if (first === undefined) return [dial.replace(/^unix\//, "unix:").replace(/^:/, "localhost:")];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${host}:${Number(first) + index}`);
}

/** Returns the same of services. */
export function serviceRoutes(services: readonly Service[]): RouteText[] {
  const texts = services.flatMap(({ hosts, http }) =>
    hosts.flatMap((host) => (http === undefined ? [] : http.paths.map((path) => routeText(host, path, http)))),
  );
  return unique(texts);
}

function routeText(host: string, path: string, { strip, answer }: HttpService): RouteText {
  const dials = (urls: readonly string[]) =>
    urls.map((url) => (url.startsWith("unix:") ? url : withPort(new URL(url)))).join(" ");
  const what =
    answer.type === "forward" ? `forward ${dials(answer.forward.targets.map(({ url }) => url))}` : answer.type;
  return [`${host}${path === "/" ? "" : path}`, ...(strip ? ["strip"] : []), what].join(" ");
}

function withPort({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}
