/** The names and path under which proxies serve the dashboard; a reload may change them. */
export interface Site {
  /** `dashboard.names`, in lower case. */
  readonly names: readonly string[];
  /** The path that a proxy leaves in its requests; begins and ends with `/`. */
  readonly basePath: string;
  /** Origins whose pages may show it in a frame, in the syntax of `frame-ancestors`. */
  readonly frameAncestors: readonly string[];
  /** Services of this instance that lead here, each with the paths that it leaves in its requests. */
  readonly services: ReadonlyMap<string, readonly string[]>;
}

/**
 * Returns the path below which a request asks, with a slash at its end.
 *
 * @param service that it came through
 */
export function basePathFor(path: string, service: string | undefined, { basePath, services }: Site): string {
  const paths = (service === undefined ? undefined : services.get(service)) ?? [];
  const matching = paths.filter((each) => each !== "/" && (path === each || path.startsWith(`${each}/`)));
  const longest = matching.sort((one, other) => other.length - one.length)[0];
  return longest === undefined ? basePath : `${longest}/`;
}
