import { TenkError } from "../../../base/mod.ts";
import { typeName } from "../record-type.ts";
import { isRdataSound } from "./check.ts";
import { parseHex } from "./encodings.ts";
import { Field, type Layout, layoutOf } from "./layout.ts";
import { parseLocation } from "./location.ts";
import { parseParameters } from "./parameters-text.ts";
import { EXPECTED, parseField, parseList } from "./parse-field.ts";
import { type Word, wordsOf } from "./words.ts";

const MAX_RDATA_BYTES = 65_535;
const IN = 1;
const UNLIMITED = { steps: Number.POSITIVE_INFINITY };

/**
 * Parses the data of a record from what zone files and `dig` write, or from `\# 2 abcd`. Names are absolute, with or without a dot at
 * their end.
 *
 * @throws {TenkError} `invalid-option`, with the field that is wrong and what was expected there
 * @example
 * parseRdata(1, "192.0.2.1"); // Uint8Array.of(192, 0, 2, 1)
 */
export function parseRdata(type: number, text: string, recordClass = IN): Uint8Array {
  const words = wordsOf(text);
  if (words === undefined) throw invalid(type, text, "a quote is not closed");
  const layout = layoutOf(type, recordClass);
  if (words[0]?.text === "\\#" && !words[0].isQuoted) return parseUnknown(type, text, words, layout);
  if (layout === undefined) {
    throw invalid(type, text, "the type has no text of its own: expected \\#, the number of bytes, hexadecimal digits");
  }
  const bytes = parseFields(type, text, words, layout);
  if (bytes.length > MAX_RDATA_BYTES) throw invalid(type, text, `has ${bytes.length} bytes, at most 65535 fit`);
  return bytes;
}

function parseFields(type: number, text: string, words: readonly Word[], layout: Layout): Uint8Array {
  const bytes: number[] = [];
  let next = 0;
  for (const [index, field] of layout.fields.entries()) {
    const takesRest = field >= Field.strings && field !== Field.text;
    const given = takesRest || field === Field.location ? words.slice(next) : words.slice(next, next + 1);
    next += given.length;
    const parsed = fieldBytes(field, given);
    if (typeof parsed === "string") throw invalid(type, text, `${layout.names[index]} ${parsed}`);
    // Not spread as arguments: there may be 64 KiB of them.
    for (const byte of parsed) bytes.push(byte);
  }
  if (next < words.length) throw invalid(type, text, `"${words[next]!.text}" is one field too many`);
  return Uint8Array.from(bytes);
}

/** Returns the bytes of a field, or what is wrong with it. */
function fieldBytes(field: Field, given: readonly Word[]): (ArrayLike<number> & Iterable<number>) | string {
  const texts = given.map((word) => word.text);
  if (field === Field.parameters) return parseParameters(texts);
  if (given.length === 0 && field !== Field.bitmap) return `is missing: expected ${EXPECTED[field]}`;
  const bytes =
    field === Field.location
      ? parseLocation(texts)
      : given.length === 1 && field < Field.strings
        ? parseField(field, given[0]!)
        : parseList(field, given);
  return bytes ?? `is "${texts.join(" ")}": expected ${EXPECTED[field]}`;
}

function parseUnknown(type: number, text: string, words: readonly Word[], layout: Layout | undefined): Uint8Array {
  const bytes = parseHex(
    words
      .slice(2)
      .map((word) => word.text)
      .join(""),
  );
  if (bytes === undefined || String(bytes.length) !== words[1]?.text) {
    throw invalid(type, text, "expected \\#, the number of bytes, and as many hexadecimal digits");
  }
  // No pointer leads behind its own place, so there is no compression outside of a message.
  if (layout !== undefined && !isRdataSound(layout, bytes, bytes.length, 0, bytes.length, UNLIMITED)) {
    throw invalid(type, text, `these bytes are no data of type ${typeName(type)}`);
  }
  return Uint8Array.from(bytes);
}

function invalid(type: number, text: string, problem: string): TenkError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new TenkError("invalid-option", `Invalid ${typeName(type)} record "${shown}": ${problem}`);
}
