import type { HttpResponse } from "../../http/mod.ts";
import { printable } from "../../wire/mod.ts";
import { type ReadBody, readBody } from "./http-body.ts";
import { valueAt } from "./json-path.ts";

/** What an answer must be beside its status. */
export interface HttpExpectations {
  /** By name: `true` for any value, or a text that the value must contain. */
  readonly header?: Readonly<Record<string, string | true>>;
  readonly body?: string;
  readonly notBody?: string;
  /** By path, such as `.status`; compared as text. */
  readonly json?: Readonly<Record<string, string | number | boolean | null>>;
}

const MAX_SHOWN = 60;

/** Returns in what an answer is not as expected, in words that are safe to show whatever it contains; undefined where it is. */
export function unexpected(
  response: HttpResponse,
  expected: HttpExpectations,
  maxBodyBytes: number,
): string | undefined {
  const { header = {}, body, notBody, json } = expected;
  for (const [name, value] of Object.entries(header)) {
    const found = headerOf(response, name);
    if (found === undefined) return `its answer has no header ${name}`;
    if (value !== true && !found.includes(value))
      return `its header ${name} is ${quoted(found)}, without ${quoted(value)}`;
  }
  if (body === undefined && notBody === undefined && json === undefined) return undefined;
  const read = readBody(response, maxBodyBytes);
  const more = read.wrong === undefined ? "" : ` (${read.wrong})`;
  if (body !== undefined && !read.text.includes(body)) return `its answer does not contain ${quoted(body)}${more}`;
  if (notBody !== undefined) {
    if (read.text.includes(notBody)) return `its answer contains ${quoted(notBody)}`;
    if (read.wrong !== undefined) return `whether its answer contains ${quoted(notBody)} is not known${more}`;
  }
  return json && unexpectedJson(read, json, more);
}

function unexpectedJson(
  { text }: ReadBody,
  expected: NonNullable<HttpExpectations["json"]>,
  more: string,
): string | undefined {
  const parsed = parseJson(text);
  if (parsed === undefined) return `its answer is no JSON${more}`;
  for (const [path, value] of Object.entries(expected)) {
    const found = valueAt(parsed, path);
    if (found === undefined) return `its answer has no ${path}`;
    if (typeof found === "object" && found !== null) return `its ${path} is no single value`;
    if (String(found) !== String(value)) return `its ${path} is ${quoted(String(found))}, not ${quoted(String(value))}`;
  }
  return undefined;
}

/** Returns undefined for a text that is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns all values of a field, joined as lists are (RFC 9110 §5.3) */
export function headerOf({ fields }: HttpResponse, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const values = fields.filter(([each]) => each === wanted).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}

/** Returns a text of somebody else's as one short printable line in quotes. */
function quoted(text: string): string {
  const line = printable(text);
  return `"${line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line}"`;
}
