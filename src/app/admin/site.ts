/** The names and path under which proxies serve the dashboard; a reload may change them. */
export interface Site {
  /** `dashboard.names`, in lower case. */
  readonly names: readonly string[];
  /** The path that a proxy leaves in its requests; begins and ends with `/`. */
  readonly basePath: string;
  /** Origins whose pages may show it in a frame, in the syntax of `frame-ancestors`. */
  readonly frameAncestors: readonly string[];
}

export const DIRECT_SITE: Site = { names: [], basePath: "/", frameAncestors: [] };
