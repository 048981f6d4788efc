import { hasDotSegment, PathPrefix } from "./path-prefix.ts";

/** The part of a route that decides which requests are its own. */
export interface RoutePattern {
  /** Lower-case names, `*.home.arpa` for one more label, `*` for every name, or addresses as `hostKey` returns them. */
  readonly hosts: readonly string[];
  /** `/` for the whole site. */
  readonly paths: readonly string[];
}

/** A route, by one of its paths. */
export interface PathRoute<Route> {
  readonly prefix: PathPrefix;
  readonly route: Route;
}

/** The routes of one host, the longest path first. */
export class HostRoutes<Route> {
  readonly #routes: readonly PathRoute<Route>[];
  /** With one route for the whole site a dot segment leads nowhere else. */
  readonly #refusesDotSegments: boolean;

  constructor(routes: readonly PathRoute<Route>[]) {
    this.#routes = [...routes].sort((one, other) => other.prefix.bytes.length - one.prefix.bytes.length);
    this.#refusesDotSegments = routes.some(({ prefix }) => prefix.bytes.length > 0);
  }

  /** Returns the route of a request target and the path that matched, or why there is none. */
  find(bytes: Uint8Array, from: number, to: number): PathRoute<Route> | "no-route" | "dot-segment" {
    if (this.#refusesDotSegments && hasDotSegment(bytes, from, to)) return "dot-segment";
    for (const each of this.#routes) if (each.prefix.matches(bytes, from, to)) return each;
    return "no-route";
  }
}

/**
 * Finds the route of a request by its host, then by its path.
 *
 * ```text
 *   git.home.arpa ─► exact name ─► *.home.arpa ─► * ─► none
 *                        └─► longest path: /api/v2, /api, / ─► none
 * ```
 *
 * An exact name wins over a wildcard, whatever their order. A lookup costs one `Map.get`; callers keep the result a connection.
 */
export class RouteTable<Route extends RoutePattern> {
  readonly #exact = new Map<string, HostRoutes<Route>>();
  /** By the domain behind `*.`. */
  readonly #wildcards = new Map<string, HostRoutes<Route>>();
  readonly #every: HostRoutes<Route> | undefined;

  constructor(routes: readonly Route[]) {
    const byHost = new Map<string, PathRoute<Route>[]>();
    for (const route of routes) {
      const paths = route.paths.map((path) => ({ prefix: new PathPrefix(path), route }));
      for (const host of route.hosts) byHost.set(host, [...(byHost.get(host) ?? []), ...paths]);
    }
    for (const [host, paths] of byHost) {
      if (host.startsWith("*.")) this.#wildcards.set(host.slice(2), new HostRoutes(paths));
      else this.#exact.set(host, new HostRoutes(paths));
    }
    this.#every = this.#exact.get("*");
  }

  /** @param host as `hostKey` returns it */
  ofHost(host: string): HostRoutes<Route> | undefined {
    return this.#exact.get(host) ?? this.#ofDomain(host) ?? this.#every;
  }

  /** Returns whether a route has this host by its name or domain: what only `*` has may be any name that a client makes up. */
  names(host: string): boolean {
    return host !== "*" && (this.#exact.has(host) || this.#ofDomain(host) !== undefined);
  }

  #ofDomain(host: string): HostRoutes<Route> | undefined {
    const dot = this.#wildcards.size === 0 ? -1 : host.indexOf(".");
    return dot <= 0 ? undefined : this.#wildcards.get(host.slice(dot + 1));
  }
}

/**
 * Returns the name of an authority, in the form in which hosts are compared: lower-case, without port and final dot.
 *
 * @example
 * hostKey("Git.Home.Arpa.:443"); // "git.home.arpa"
 * hostKey("[::1]:8443"); // "[::1]"
 */
export function hostKey(authority: string): string {
  const end = authority.startsWith("[") ? authority.indexOf("]") + 1 : authority.indexOf(":");
  const host = end > 0 ? authority.slice(0, end) : authority;
  return (host.endsWith(".") ? host.slice(0, -1) : host).toLowerCase();
}
