// Writes docs/defaults.md, every setting with its default and the reason for it, from the schema of the configuration. A test compares.
import { writeFileSync } from "node:fs";
import { configJsonSchema, type JsonSchema, PARTS } from "../src/app/mod.ts";

interface Row {
  readonly key: string;
  readonly byDefault: string;
  readonly text: string;
}

const FILE = new URL("../docs/defaults.md", import.meta.url);

/** What `tenk up` logs by value: docs tell it by this mark. */
const LOGGED = " ¹";

const HEAD = `# Defaults

Made by \`scripts/defaults.ts\` from the configuration's schema, which \`tenk schema\` prints for editors: do not edit this page. What each setting accepts, with
examples, is in [docs/configuration.md](configuration.md).

Nothing must be set. A setting that is missing or empty has the default of this page; a wrong value is refused with file, line, key, what was expected and
what was found, and nothing starts (exit code 2).

What is logged: \`defaults\` with the settings marked¹ by value, and how many others there are; at \`--log-level debug\` all of them, a line a section
(\`defaults of=tcp.packets backlog=4096 …\`); \`setting is empty, its default is used\` with the line of each. \`tenk check\` prints all settings in force, and marks
defaults. Where a default cannot be had the log says what was taken instead, and why: another port, memory instead of the data folder.

Settings without a default in the table are needed where their section is written.
`;

export function defaultsPage(): string {
  const schema = configJsonSchema();
  const tables = Object.entries(schema.properties ?? {}).map(([name, section]) => {
    const rows = rowsOf(section, name, required(schema).has(name));
    return `\n## ${name}\n\n| setting | default | what, and why |\n| --- | --- | --- |\n${rows.map(lineOf).join("\n")}\n`;
  });
  return HEAD + tables.join("");
}

function lineOf({ key, byDefault, text }: Row): string {
  return `| \`${key}\` | ${cell(byDefault)}${byDefault !== "" && isForemost(key) ? LOGGED : ""} | ${cell(text)} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function isForemost(key: string): boolean {
  const [name = "", ...below] = key.replace("NAME", "packets").split(".");
  const part = PARTS.find((each) => each.name === name);
  return /^(dashboard\.listen|data\.history)$/.test(key) || (part?.foremostSettings?.test(below.join(".")) ?? false);
}

function rowsOf(outer: JsonSchema, key: string, isRequired: boolean): Row[] {
  const schema = wholeForm(outer);
  const [, text = "", told] = /^(.*?)(?:\. By default: (.*)\.)?$/s.exec(String(outer.description ?? "")) ?? [];
  const row = { key, byDefault: told ?? defaultOf(outer, isRequired), text };
  const names = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  const below = [
    ...belowOf(schema, key),
    ...(names === undefined ? [] : belowOf(wholeForm(names), `${key}.NAME`)),
    ...(schema.items === undefined ? [] : belowOf(wholeForm(schema.items), `${key}[]`)),
  ];
  return [row, ...below];
}

function belowOf(schema: JsonSchema, key: string): Row[] {
  const needed = required(schema);
  return Object.entries(schema.properties ?? {}).flatMap(([name, each]) =>
    rowsOf(each, `${key}.${name}`, needed.has(name)),
  );
}

/** Returns the whole form of a section or list that may be written shorter. */
export function wholeForm(schema: JsonSchema): JsonSchema {
  const forms = Array.isArray(schema.anyOf) ? (schema.anyOf as JsonSchema[]).map(wholeForm) : [];
  return forms.find((form) => form.properties ?? form.additionalProperties ?? form.items) ?? schema;
}

function required(schema: JsonSchema): ReadonlySet<unknown> {
  return new Set(Array.isArray(schema.required) ? schema.required : []);
}

function defaultOf(schema: JsonSchema, isRequired: boolean): string {
  if (isRequired) return "";
  const whole = wholeForm(schema);
  if (whole.properties !== undefined) return "on";
  if (schema.default === undefined) return "none";
  return `\`${typeof schema.default === "string" && schema.default !== "" ? schema.default : JSON.stringify(schema.default)}\``;
}

if (import.meta.main) writeFileSync(FILE, defaultsPage());
