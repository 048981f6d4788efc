import type { HeaderField } from "../../part/mod.ts";
import { fieldLine } from "../../wire/http1/mod.ts";
import type { TemplateRequest } from "./placeholders.ts";
import { Template } from "./template.ts";

/** Of one field line with its values filled in. */
const MAX_LINE_BYTES = 8192;
const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HTAB = 0x09;
const DEL = 0x7f;

const encoder = new TextEncoder();
const scratch = new Uint8Array(MAX_LINE_BYTES);

/** Fields whose values have placeholders such as `{http.request.remote.host}`. */
export class FilledLines {
  readonly #fields: readonly { readonly prefix: Uint8Array; readonly value: Template }[];

  constructor(fields: readonly HeaderField[]) {
    this.#fields = fields.map(([name, value]) => ({ prefix: encoder.encode(`${name}: `), value: new Template(value) }));
  }

  /** Adds the lines for one request. One that is too long, or would be two lines, is left out. */
  addTo(lines: Uint8Array[], request: TemplateRequest): void {
    for (const { prefix, value } of this.#fields) {
      scratch.set(prefix);
      const written = value.write(scratch, prefix.length, request);
      if (written > MAX_LINE_BYTES - 2 || !isOneLine(prefix.length, written)) continue;
      const end = trimmed(prefix.length, written);
      scratch[end] = CR;
      scratch[end + 1] = LF;
      lines.push(scratch.slice(0, end + 2));
    }
  }
}

/** Returns fields as prepared lines, and those that are filled in for each request; undefined without any. */
export function preparedLines(fields: readonly HeaderField[]): {
  lines: Uint8Array[];
  filled: FilledLines | undefined;
} {
  const hasPlaceholder = ([, value]: HeaderField) => new Template(value).placeholders.length > 0;
  const names = new Set(fields.filter(hasPlaceholder).map(([name]) => name.toLowerCase()));
  // All of one name, whose order counts.
  const filled = fields.filter(([name]) => names.has(name.toLowerCase()));
  return {
    lines: fields.filter((each) => !filled.includes(each)).map(([name, value]) => fieldLine(name, value)),
    filled: filled.length === 0 ? undefined : new FilledLines(filled),
  };
}

/** Removes blanks around a value, which HTTP/2 does not allow (RFC 9113 §8.2.1): a placeholder beside one may be empty. */
function trimmed(start: number, end: number): number {
  let [from, to] = [start, end];
  while (to > from && isBlank(scratch[to - 1]!)) to -= 1;
  while (from < to && isBlank(scratch[from]!)) from += 1;
  if (from > start) scratch.copyWithin(start, from, to);
  return to - (from - start);
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB;
}

/** A value may come from the client, such as the name in its TLS handshake. */
function isOneLine(start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = scratch[at]!;
    if ((byte < SP && byte !== HTAB) || byte === DEL) return false;
  }
  return true;
}
