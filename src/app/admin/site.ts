/** How the dashboard is reached through proxies, and by whose pages; may change while it runs. */
export interface Site {
  /** Other names under which it is reached, in lower case. */
  readonly names: readonly string[];
  /** The path that a proxy puts it at and leaves in its requests; begins and ends with `/`. */
  readonly basePath: string;
  /** Whose pages may show it in a frame, as `frame-ancestors` has them; none where it is empty. */
  readonly frameAncestors: readonly string[];
}

export const DIRECT_SITE: Site = { names: [], basePath: "/", frameAncestors: [] };
