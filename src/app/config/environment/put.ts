import { childOf, metaOf } from "../schema-path.ts";

/**
 * Puts a value into the settings of a file; sections on the way are made. A section in its short form becomes a whole one:
 * `git: http://…` is `git: { target: http://… }`.
 *
 * @returns the key of a section that the file switches off, so that what is below it has no effect
 */
export function put(root: Record<string, unknown>, schema: unknown, path: readonly string[], value: unknown) {
  let [section, at] = [root, schema];
  for (const [index, key] of path.slice(0, -1).entries()) {
    at = childOf(at, key);
    const next = asSection(Object.hasOwn(section, key) ? section[key] : undefined, at);
    if (next === undefined) return path.slice(0, index + 1).join(".");
    section[key] = next;
    section = next;
  }
  section[path.at(-1)!] = value;
  return undefined;
}

function asSection(value: unknown, schema: unknown): Record<string, unknown> | undefined {
  if (value === false || value === "off") return undefined;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const { key, words = [] } = metaOf(schema, "short") ?? {};
  const isWord = value === undefined || value === null || words.includes(value as string | boolean);
  return isWord || key === undefined ? {} : { [key]: value };
}
