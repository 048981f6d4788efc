import { z } from "zod";
import { keyOfPath } from "./key.ts";
import { childOf, inner, metaOf } from "./schema-path.ts";

/**
 * Removes settings without a value (`idle:`), which are then those that are missing. Where a name has none (`packets:` below `tcp`),
 * it stays, as a section without settings. What keeps others out, such as `allow`, stays too, so that it is refused.
 *
 * @param removed gets the dotted keys of settings, not of sections
 */
export function withoutEmpty(raw: unknown, schema: unknown, removed: string[], path: readonly string[] = []): unknown {
  if (Array.isArray(raw))
    return raw.map((each, index) => withoutEmpty(each, childOf(schema, index), removed, [...path, `${index}`]));
  if (typeof raw !== "object" || raw === null) return raw;
  const isNames = inner(schema) instanceof z.ZodRecord;
  const kept = Object.entries(raw).flatMap(([key, value]): [string, unknown][] => {
    const [below, at] = [childOf(schema, key), [...path, key]];
    if (value !== null) return [[key, withoutEmpty(value, below, removed, at)]];
    if (isNames) return [[key, inner(below) instanceof z.ZodObject ? {} : null]];
    if (below === undefined || metaOf(below, "guard") === true) return [[key, null]];
    // An empty section is a wish for it: `proxy:`.
    const isSection = inner(below) instanceof z.ZodObject || inner(below) instanceof z.ZodRecord;
    if (!isSection) removed.push(keyOfPath(at));
    return [];
  });
  return Object.fromEntries(kept);
}
