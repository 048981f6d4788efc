import { z } from "zod";
import type { Description, SettingMeta } from "../../part/mod.ts";
import { quantityText } from "./quantity-text.ts";
import { CONFIG_SCHEMA } from "./schema.ts";
import { childOf, inner, metaOf } from "./schema-path.ts";
import { CONFIG_VERSION } from "./version.ts";

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  [keyword: string]: unknown;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
}

/** What a quantity looks like as text, by its unit: `base/units.ts` reads it. */
const NUMBER = "^\\s*(\\d+(\\.\\d+)?|\\.\\d+)\\s*";
const PATTERNS: Readonly<Record<string, string>> = {
  count: `${NUMBER}[kKmMgG]?\\s*$`,
  bytes: `${NUMBER}([bB]|[kKmMgG]([iI]?[bB])?)?\\s*$`,
  us: `${NUMBER}(us|ms|s|m|min|h|d)\\s*$`,
  ms: `${NUMBER}(us|ms|s|m|min|h|d)\\s*$`,
  s: `${NUMBER}(us|ms|s|m|min|h|d)\\s*$`,
};
/** A bare number is a count, or bytes; a duration needs its unit. */
const HAS_BARE_NUMBERS = new Set(["count", "bytes"]);

/**
 * Returns the JSON Schema (draft 2020-12) of `tenk.yaml`, with which editors complete and check it. Whatever tenk accepts is right
 * by it; what only tenk can judge, such as two listeners on one address, it does not know.
 */
export function configJsonSchema(): JsonSchema {
  const made = z.toJSONSchema(CONFIG_SCHEMA, { io: "input", unrepresentable: "any", override: writeDefault });
  const { $schema, ...schema } = rewritten(made as JsonSchema, undefined);
  for (const section of Object.values(schema.properties ?? {})) allowNothing(section);
  return { $schema, $id: `urn:tenk:configuration:${CONFIG_VERSION}`, title: "tenk.yaml", ...schema };
}

interface Written {
  readonly zodSchema: unknown;
  readonly jsonSchema: Record<string, unknown>;
}

/** Defaults are known as they are after parsing, and written as in a file. */
function writeDefault({ zodSchema, jsonSchema }: Written): void {
  const string = inner(zodSchema);
  if (string instanceof z.ZodString && ignoresCase(string)) delete jsonSchema.pattern;
  if (!(zodSchema instanceof z.ZodDefault)) return;
  const value: unknown = zodSchema.def.defaultValue;
  const [unit, itemUnit] = [metaOf(zodSchema, "unit"), metaOf(childOf(zodSchema, 0), "unit")];
  if (typeof value === "number" && unit !== undefined) jsonSchema.default = withUnit(value, unit);
  else if (Array.isArray(value) && itemUnit !== undefined)
    jsonSchema.default = value.map((each) => (typeof each === "number" ? withUnit(each, itemUnit) : each));
  else jsonSchema.default = value;
}

/** A pattern of JSON Schema cannot ignore case. */
function ignoresCase(schema: z.ZodString): boolean {
  const patterns = (schema.def.checks ?? []).map((check) => (check._zod.def as { pattern?: RegExp }).pattern);
  return patterns.some((pattern) => pattern?.flags.includes("i") === true);
}

function withUnit(value: number, unit: NonNullable<SettingMeta["unit"]>): string | number {
  return unit === "count" ? value : quantityText(value, unit);
}

/** Turns what `.meta()` says into keywords of JSON Schema. */
function rewritten(node: JsonSchema, description: Description | undefined): JsonSchema {
  const { unit, secret, short, guard, about = {}, ...schema } = node as JsonSchema & SettingMeta;
  if (schema.properties !== undefined)
    schema.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, each]) => [key, rewritten(each, about[key])]),
    );
  if (schema.items !== undefined) schema.items = rewritten(schema.items, undefined);
  if (typeof schema.additionalProperties === "object")
    schema.additionalProperties = rewritten(schema.additionalProperties, undefined);
  if (Array.isArray(schema.anyOf)) schema.anyOf = schema.anyOf.map((each) => rewritten(each, undefined));
  // A section's default is that of its settings.
  if (JSON.stringify(schema.default) === "{}" && schema.properties !== undefined) delete schema.default;
  const told = textOf(description);
  return { ...(told === undefined ? {} : { description: told }), ...shortened(measured(schema, unit), short) };
}

function textOf(description: Description | undefined): string | undefined {
  if (description === undefined || typeof description === "string") return description;
  return `${description[1]}. By default: ${description[0]}.`;
}

function measured(schema: JsonSchema, unit: SettingMeta["unit"]): JsonSchema {
  const pattern = PATTERNS[unit ?? ""];
  if (pattern === undefined) return schema;
  const { type, anyOf, ...rest } = schema;
  const text = { type: "string", pattern };
  return HAS_BARE_NUMBERS.has(unit!)
    ? { ...rest, anyOf: [text, { type: "integer", minimum: 0 }] }
    : { ...rest, ...text };
}

function shortened(schema: JsonSchema, short: SettingMeta["short"]): JsonSchema {
  if (short === undefined) return schema;
  const { description, default: byDefault, ...whole } = schema;
  const forms: JsonSchema[] = [whole];
  const { description: _, ...plain } = schema.properties?.[short.key ?? ""] ?? {};
  if (short.key !== undefined) forms.push(plain);
  if (short.single === true && schema.items !== undefined) forms.push(schema.items);
  if (short.words !== undefined) forms.push({ enum: short.words });
  if (short.names === true) forms.push({ type: "array", items: { type: "string" } });
  return { ...(byDefault === undefined ? {} : { default: byDefault }), anyOf: forms };
}

/** An empty section (`dns:`) is one of defaults. */
function allowNothing(section: JsonSchema): void {
  if (Array.isArray(section.anyOf)) section.anyOf.push({ type: "null" });
  else if (section.type === "object") section.type = ["object", "null"];
}
