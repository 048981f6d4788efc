/**
 * Returns the value at a path of a parsed JSON text; undefined where there is none.
 *
 * @param path names and places: `.checks[0].state`
 * @example
 * valueAt({ checks: [{ state: "up" }] }, ".checks[0].state"); // "up"
 */
export function valueAt(parsed: unknown, path: string): unknown {
  let value = parsed;
  for (const [, name, place] of path.matchAll(/\.([\w$-]+)|\[(\d+)\]/g)) {
    if (typeof value !== "object" || value === null) return undefined;
    const key = name ?? place!;
    if (!Object.hasOwn(value, key) || (name !== undefined) === Array.isArray(value)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
