/**
 * The path below a base that a proxy may have left in front of it; as it is where the proxy takes it away, or there is none.
 *
 * @param basePath begins and ends with `/`
 * @returns undefined for the base without its last slash, from which relative links would lead astray
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
