import { parseDocument } from "yaml";
import { z } from "zod";
import { inner } from "../schema-path.ts";

/** What a setting accepts, beside text. */
interface Accepted {
  text: boolean;
  number: boolean;
  boolean: boolean;
  list: boolean;
  section: boolean;
  anything: boolean;
  readonly words: Set<string>;
}

const TRUE = /^(true|yes|on|1)$/i;
const FALSE = /^(false|no|off|0)$/i;

/**
 * Returns the value that a variable's text stands for. A list is its items with commas between them, or YAML: `[a, "b,c"]`; a section
 * is YAML too: `{ nas: 192.168.1.5 }`. What is meant as text stays text: a password `0123` or `yes` is no number and no `true`.
 */
export function valueFor(schema: unknown, text: string): unknown {
  const accepted = acceptedBy(schema);
  const { list, section, words } = accepted;
  const isYaml = /^\s*[[{]/.test(text) && (list || section);
  if (isYaml || accepted.anything) return yamlOf(text) ?? text;
  if (words.has(text)) return text;
  const truth = TRUE.test(text) ? true : FALSE.test(text) ? false : undefined;
  const isTruth = accepted.boolean && !accepted.text && !accepted.number;
  if (truth !== undefined && (isTruth || (/^(true|false)$/i.test(text) && (accepted.boolean || section)))) return truth;
  if (accepted.number && !accepted.text && /^-?\d+$/.test(text)) return Number(text);
  if (list && (!accepted.text || text.includes(","))) return itemsOf(text);
  return text;
}

function itemsOf(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function yamlOf(text: string): unknown {
  const document = parseDocument(text, { logLevel: "silent" });
  return document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 0 });
}

function acceptedBy(schema: unknown): Accepted {
  const accepted: Accepted = {
    text: false,
    number: false,
    boolean: false,
    list: false,
    section: false,
    anything: false,
    words: new Set(),
  };
  collect(schema, accepted);
  return accepted;
}

function collect(schema: unknown, accepted: Accepted): void {
  const at = inner(schema);
  if (at instanceof z.ZodUnion) for (const option of at.options) collect(option, accepted);
  else if (at instanceof z.ZodLiteral) for (const value of at.values) collectLiteral(value, accepted);
  else if (at instanceof z.ZodEnum) for (const value of at.options) accepted.words.add(String(value));
  else if (at instanceof z.ZodBoolean) accepted.boolean = true;
  else if (at instanceof z.ZodNumber) accepted.number = true;
  else if (at instanceof z.ZodArray) accepted.list = true;
  else if (at instanceof z.ZodObject || at instanceof z.ZodRecord) accepted.section = true;
  else if (at instanceof z.ZodUnknown || at instanceof z.ZodAny) accepted.anything = true;
  else accepted.text = true;
}

function collectLiteral(value: unknown, accepted: Accepted): void {
  if (typeof value === "boolean") accepted.boolean = true;
  else if (typeof value === "number") accepted.number = true;
  else accepted.words.add(String(value));
}
