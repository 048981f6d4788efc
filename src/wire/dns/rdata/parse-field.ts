import { parseDecimal, parseIp } from "../../ip-address.ts";
import { parseName } from "../name-text.ts";
import { parseType } from "../record-type.ts";
import { bitmapOf } from "./bitmap.ts";
import { parseBase32Hex, parseBase64, parseHex } from "./encodings.ts";
import { Field } from "./layout.ts";
import { parseTime } from "./time.ts";
import { bytesOfWord, type Word } from "./words.ts";

/** Bytes as a plain or a typed array. */
type Bytes = ArrayLike<number> & Iterable<number>;

/** What each kind of field has to look like, for errors. */
export const EXPECTED: Readonly<Record<Field, string>> = {
  [Field.uint8]: "a number from 0 to 255",
  [Field.uint16]: "a number from 0 to 65535",
  [Field.uint32]: "a number from 0 to 4294967295",
  [Field.time]: "a time such as 20261231235959",
  [Field.type]: "a type of records such as AAAA",
  [Field.ipv4]: "an IPv4 address such as 192.0.2.1",
  [Field.ipv6]: "an IPv6 address such as 2001:db8::1",
  [Field.name]: "a name such as box.home.arpa",
  [Field.string]: "a text of up to 255 bytes",
  [Field.word]: "a word of letters and digits",
  [Field.salt]: "hexadecimal digits, or - for none",
  [Field.hash]: "base32 digits",
  [Field.location]: "a place such as 51 30 12.748 N 0 7 39.611 W 0m",
  [Field.eui48]: "six bytes such as 00-00-5e-00-53-2a",
  [Field.eui64]: "eight bytes such as 00-00-5e-ef-10-00-00-2a",
  [Field.locator]: "four groups such as 2001:db8:1:2",
  [Field.strings]: "texts of up to 255 bytes each: split a longer one into several, in quotes",
  [Field.text]: "a text",
  [Field.hex]: "hexadecimal digits",
  [Field.base64]: "base64",
  [Field.bitmap]: "types of records such as A AAAA",
  [Field.parameters]: "parameters",
};

/** Parses a field that is one word; undefined where it is none. */
export function parseField(field: Field, word: Word): Bytes | undefined {
  const { text } = word;
  switch (field) {
    case Field.uint8:
      return uint(text, 1);
    case Field.uint16:
      return uint(text, 2);
    case Field.uint32:
      return uint(text, 4);
    case Field.time:
      return uint(String(parseTime(text) ?? ""), 4);
    case Field.type:
      return uint(String(parseType(text) ?? ""), 2);
    case Field.ipv4:
      return text.includes(":") ? undefined : parseIp(text);
    case Field.ipv6:
      return text.includes(":") ? parseIp(text) : undefined;
    case Field.name:
      return word.isQuoted ? undefined : parseName(text);
    case Field.string:
      return counted(bytesOfWord(text));
    case Field.word:
      return /^[0-9a-zA-Z]{1,255}$/.test(text) ? counted(bytesOfWord(text)) : undefined;
    case Field.salt:
      return counted(text === "-" ? Uint8Array.of() : parseHex(text));
    case Field.hash:
      return counted(parseBase32Hex(text));
    case Field.eui48:
      return /^([0-9a-fA-F]{2}-){5}[0-9a-fA-F]{2}$/.test(text) ? parseHex(text.replaceAll("-", "")) : undefined;
    case Field.eui64:
      return /^([0-9a-fA-F]{2}-){7}[0-9a-fA-F]{2}$/.test(text) ? parseHex(text.replaceAll("-", "")) : undefined;
    case Field.locator:
      return /^([0-9a-fA-F]{1,4}:){3}[0-9a-fA-F]{1,4}$/.test(text)
        ? parseHex(
            text
              .split(":")
              .map((group) => group.padStart(4, "0"))
              .join(""),
          )
        : undefined;
    default:
      return undefined;
  }
}

/** Parses a field that takes all the words that are left. */
export function parseList(field: Field, words: readonly Word[]): Bytes | undefined {
  const joined = () => words.map((word) => word.text).join("");
  switch (field) {
    case Field.strings: {
      const strings = words.map((word) => counted(bytesOfWord(word.text)));
      return strings.includes(undefined) ? undefined : strings.flatMap((string) => [...string!]);
    }
    case Field.text:
      return bytesOfWord(words[0]!.text);
    case Field.hex:
      return notEmpty(parseHex(joined()));
    case Field.base64:
      return notEmpty(parseBase64(joined()));
    case Field.bitmap: {
      const types = words.map((word) => parseType(word.text));
      return types.includes(undefined) ? undefined : bitmapOf(types as number[]);
    }
    default:
      return undefined;
  }
}

function uint(text: string, width: 1 | 2 | 4): number[] | undefined {
  const value = parseDecimal(text, 256 ** width - 1);
  if (value < 0) return undefined;
  return Array.from({ length: width }, (_, index) => (value >>> (8 * (width - 1 - index))) & 255);
}

function notEmpty(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes?.length === 0 ? undefined : bytes;
}

function counted(bytes: Uint8Array | undefined): number[] | undefined {
  return bytes === undefined || bytes.length > 255 ? undefined : [bytes.length, ...bytes];
}
