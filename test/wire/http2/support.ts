import { type FieldName, fieldNameOf } from "../../../src/wire/http1/mod.ts";
import { FIELD, FieldSection, type HpackDecoder, type HpackEncoder } from "../../../src/wire/http2/mod.ts";
import { hex, latin1 } from "../support.ts";

export const LIMITS = { maxBytes: 16_384, maxFields: 256, maxBlockBytes: 16_384 };

/** Decodes a block given in hexadecimal digits. @returns `name: value` of each field, or undefined where it is refused */
export function decodeHex(
  decoder: HpackDecoder,
  digits: string,
  section = new FieldSection(LIMITS),
): string[] | undefined {
  const bytes = hex(digits);
  return decoder.decode(bytes, 0, bytes.length, section) ? linesOf(section) : undefined;
}

/** The fields of a section as text, read by its table of offsets. */
export function linesOf(section: FieldSection): string[] {
  const text = Buffer.from(section.bytes).toString("latin1");
  return Array.from({ length: section.count }, (_, line) => {
    const [nameStart, nameEnd, valueStart, valueEnd] = section.fields.subarray(line * FIELD, line * FIELD + 4);
    return `${text.slice(nameStart, nameEnd)}: ${text.slice(valueStart, valueEnd)}`;
  });
}

/** Encodes one block of `name: value` texts. */
export function encodeLines(encoder: HpackEncoder, lines: readonly string[]): Uint8Array {
  const out = new Uint8Array(100_000);
  let at = encoder.begin(out, 0);
  for (const line of lines) {
    const bytes = latin1(line);
    const colon = line.indexOf(":", 1);
    const known = fieldNameOf(bytes, 0, colon) as FieldName;
    at = encoder.field(out, at, bytes, 0, colon, colon + 2, bytes.length, known);
  }
  encoder.commit();
  return out.slice(0, at);
}
