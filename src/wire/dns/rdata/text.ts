import { formatIp } from "../../ip-address.ts";
import { expandName } from "../compressed-name.ts";
import { readUint16, readUint32 } from "../integers.ts";
import { MAX_NAME_BYTES } from "../name.ts";
import { absoluteNameText } from "../name-text.ts";
import { typeName } from "../record-type.ts";
import { bitmapText } from "./bitmap.ts";
import { base32HexText, base64Text, hexText } from "./encodings.ts";
import { endOfField } from "./fields.ts";
import { Field, layoutOf } from "./layout.ts";
import { locationText } from "./location.ts";
import { parametersText } from "./parameters-text.ts";
import { timeText } from "./time.ts";
import { quoted } from "./words.ts";

const name = new Uint8Array(MAX_NAME_BYTES);

/**
 * Returns the data of a record as zone files and `dig` write them; `\# 2 abcd` for types without a text of their own. The data are
 * those of a message that was read, or such as `parseRdata` returns.
 *
 * @param from where the message begins; of data outside of a message, any place
 * @example
 * rdataText(1, 1, Uint8Array.of(192, 0, 2, 1), 0, 0, 4); // "192.0.2.1"
 */
export function rdataText(
  type: number,
  recordClass: number,
  bytes: Uint8Array,
  from: number,
  at: number,
  to: number,
): string {
  const layout = layoutOf(type, recordClass);
  if (layout === undefined) return unknownText(bytes, at, to);
  const texts: string[] = [];
  for (const field of layout.fields) {
    const end = endOfField(field, bytes, at, to);
    if (field === Field.name) {
      expandName(bytes, from, to, at, name, 0);
      texts.push(absoluteNameText(name));
    } else texts.push(fieldText(field, bytes, at, end));
    at = end;
  }
  // An empty list of types, or of parameters, leaves no blank behind.
  return texts.filter((text) => text !== "").join(" ");
}

/** RFC 3597 §5 */
export function unknownText(bytes: Uint8Array, at: number, to: number): string {
  return at === to ? "\\# 0" : `\\# ${to - at} ${hexText(bytes, at, to)}`;
}

function fieldText(field: Field, bytes: Uint8Array, at: number, to: number): string {
  switch (field) {
    case Field.uint8:
      return String(bytes[at]);
    case Field.uint16:
      return String(readUint16(bytes, at));
    case Field.uint32:
      return String(readUint32(bytes, at));
    case Field.time:
      return timeText(readUint32(bytes, at));
    case Field.type:
      return typeName(readUint16(bytes, at));
    case Field.ipv4:
    case Field.ipv6:
      return formatIp(bytes, at, to - at);
    case Field.string:
      return quoted(bytes, at + 1, to);
    case Field.word:
      return String.fromCharCode(...bytes.subarray(at + 1, to));
    case Field.salt:
      return at + 1 === to ? "-" : hexText(bytes, at + 1, to);
    case Field.hash:
      return base32HexText(bytes, at + 1, to);
    case Field.location:
      return locationText(bytes, at);
    case Field.eui48:
    case Field.eui64:
      return grouped(bytes, at, to, 1, "-");
    case Field.locator:
      return grouped(bytes, at, to, 2, ":");
    case Field.strings:
      return stringsText(bytes, at, to);
    case Field.text:
      return quoted(bytes, at, to);
    case Field.hex:
      return hexText(bytes, at, to);
    case Field.base64:
      return base64Text(bytes, at, to);
    case Field.bitmap:
      return bitmapText(bytes, at, to);
    default:
      return parametersText(bytes, at, to);
  }
}

function stringsText(bytes: Uint8Array, at: number, to: number): string {
  const texts = [];
  while (at < to) {
    const end = at + 1 + bytes[at]!;
    texts.push(quoted(bytes, at + 1, end));
    at = end;
  }
  return texts.join(" ");
}

function grouped(bytes: Uint8Array, at: number, to: number, width: number, separator: string): string {
  const groups = [];
  for (; at < to; at += width) groups.push(hexText(bytes, at, at + width));
  return groups.join(separator);
}
