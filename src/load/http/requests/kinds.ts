/** Names of requests that a report counts apart; a list of thousands of URLs would be a table of thousands of lines. */
export const MAX_NAMES = 100;
/** What those beyond it are counted by. */
export const OTHERS = "others";

/**
 * Gives each name a small number, in the order in which they appear. Beyond 100 names the last is `others`.
 *
 * @example
 * kindsOf(["GET /a", "GET /b", "GET /a"]); // { names: ["GET /a", "GET /b"], kinds: Uint16Array.of(0, 1, 0) }
 */
export function kindsOf(all: readonly string[]): { readonly names: readonly string[]; readonly kinds: Uint16Array } {
  const places = new Map<string, number>();
  const distinct = new Set(all);
  const isTooMany = distinct.size > MAX_NAMES;
  for (const name of distinct) {
    if (isTooMany && places.size === MAX_NAMES - 1) break;
    places.set(name, places.size);
  }
  const names = [...places.keys(), ...(isTooMany ? [OTHERS] : [])];
  return { names, kinds: Uint16Array.from(all, (name) => places.get(name) ?? MAX_NAMES - 1) };
}
