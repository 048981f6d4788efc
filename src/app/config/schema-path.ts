import { z } from "zod";
import { CONFIG_SCHEMA } from "./schema.ts";

/** Returns the keys that the schema allows below a path. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  const schema = inner(schemaAt(path));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Returns what the schema says of a setting: `unit` of a number, `us`, `ms`, `bytes`, `percent` …; `secret` of what is never printed. */
export function metaAt(path: readonly PropertyKey[], key: "unit" | "secret"): unknown {
  for (let schema = schemaAt(path); schema instanceof z.ZodType; schema = within(schema)) {
    const value: unknown = schema.meta()?.[key];
    if (value !== undefined) return value;
  }
  return undefined;
}

function schemaAt(path: readonly PropertyKey[]): unknown {
  let schema: unknown = CONFIG_SCHEMA;
  for (const key of path) {
    schema = inner(schema);
    if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else schema = schema instanceof z.ZodObject ? schema.shape[String(key)] : undefined;
  }
  return schema;
}

/** Removes all wrappers of a schema. */
function inner(schema: unknown): unknown {
  const next = within(schema);
  return next === undefined ? schema : inner(next);
}

/** Removes one wrapper: a default, an option, a transformation; undefined when there is none. */
function within(schema: unknown): unknown {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return schema.unwrap();
  if (schema instanceof z.ZodNullable) return schema.unwrap();
  if (schema instanceof z.ZodPipe) return schema.in instanceof z.ZodTransform ? schema.out : schema.in;
  return undefined;
}
