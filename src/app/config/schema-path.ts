import { z } from "zod";
import type { SettingMeta } from "../../part/mod.ts";
import { CONFIG_SCHEMA } from "./schema.ts";

/** Returns the keys that the schema allows below a path. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  const schema = inner(schemaAt(path));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Returns what the schema says of a setting. */
export function metaAt<Key extends keyof SettingMeta>(
  path: readonly PropertyKey[],
  key: Key,
): SettingMeta[Key] | undefined {
  return metaOf(schemaAt(path), key);
}

export function metaOf<Key extends keyof SettingMeta>(outer: unknown, key: Key): SettingMeta[Key] | undefined {
  for (let schema = outer; schema instanceof z.ZodType; schema = within(schema)) {
    const value = (schema.meta() as SettingMeta | undefined)?.[key];
    if (value !== undefined) return value;
  }
  return undefined;
}

export function schemaAt(path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(childOf, CONFIG_SCHEMA);
}

/** Returns the schema of what a section has under a key, or of an item of a list. */
export function childOf(section: unknown, key: PropertyKey): unknown {
  const schema = inner(section);
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  return schema instanceof z.ZodObject ? schema.shape[String(key)] : undefined;
}

/** Removes all wrappers of a schema. */
export function inner(schema: unknown): unknown {
  const next = within(schema);
  return next === undefined ? schema : inner(next);
}

/** Removes one wrapper: a default, an option, a transformation; undefined when there is none. */
export function within(schema: unknown): unknown {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return schema.unwrap();
  if (schema instanceof z.ZodNullable) return schema.unwrap();
  if (schema instanceof z.ZodPipe) return schema.in instanceof z.ZodTransform ? schema.out : schema.in;
  return undefined;
}
