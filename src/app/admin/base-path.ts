/**
 * Removes the base path that a proxy may leave in front of a request's path. A path without it is returned unchanged.
 *
 * @param basePath begins and ends with `/`
 * @returns undefined for the base path without its last slash, where relative links would be wrong
 * @example
 * belowBase("/tenk/api/status", "/tenk/"); // "/api/status"
 * belowBase("/api/status", "/tenk/"); // "/api/status"
 * belowBase("/tenk", "/tenk/"); // undefined
 */
export function belowBase(path: string, basePath: string): string | undefined {
  if (basePath === "/") return path;
  if (path === basePath.slice(0, -1)) return undefined;
  return path.startsWith(basePath) ? path.slice(basePath.length - 1) : path;
}
