import { formatIp, parseDecimal, parseIp } from "../../ip-address.ts";
import { readUint16 } from "../integers.ts";
import { base64Text, parseBase64 } from "./encodings.ts";
import { areParametersSound, PARAMETER_HEAD_BYTES, SVC_KEY_NAMES, SvcKey } from "./parameters.ts";
import { bytesOfWord, quoted } from "./words.ts";

/** Parameters of SVCB and HTTPS as text (RFC 9460 §2.1, Appendix A): `alpn="h2,h3" port="853"`, each value in quotes as `dig` writes it. */

const MAX_KEY = 65_534;

/** @param bytes sound parameters */
export function parametersText(bytes: Uint8Array, at: number, to: number): string {
  const texts = [];
  while (at < to) {
    const key = readUint16(bytes, at);
    const valueAt = at + PARAMETER_HEAD_BYTES;
    at = valueAt + readUint16(bytes, at + 2);
    const value = valueText(key, bytes, valueAt, at);
    texts.push(value === "" ? keyName(key) : `${keyName(key)}=${value}`);
  }
  return texts.join(" ");
}

export function keyName(key: number): string {
  return SVC_KEY_NAMES[key] ?? `key${key}`;
}

function keyOf(name: string): number {
  const known = SVC_KEY_NAMES.indexOf(name);
  return known >= 0 || !name.startsWith("key") ? known : parseDecimal(name.slice(3), MAX_KEY);
}

function valueText(key: number, bytes: Uint8Array, at: number, to: number): string {
  const each = (width: number, text: (place: number) => string) => {
    const list = [];
    for (let place = at; place < to; place += width) list.push(text(place));
    return `"${list.join()}"`;
  };
  switch (key) {
    case SvcKey.mandatory:
      return each(2, (place) => keyName(readUint16(bytes, place)));
    case SvcKey.port:
      return `"${readUint16(bytes, at)}"`;
    case SvcKey.ipv4hint:
      return each(4, (place) => formatIp(bytes, place, 4));
    case SvcKey.ipv6hint:
      return each(16, (place) => formatIp(bytes, place, 16));
    case SvcKey.ech:
      return `"${base64Text(bytes, at, to)}"`;
    case SvcKey.alpn:
      return protocolsText(bytes, at, to);
    default:
      return at === to ? "" : quoted(bytes, at, to);
  }
}

/** A comma or a backslash of a protocol's name is escaped twice: in the list, and in the quotes (RFC 9460 §A.1). */
function protocolsText(bytes: Uint8Array, at: number, to: number): string {
  const list: number[] = [];
  while (at < to) {
    if (list.length > 0) list.push(0x2c);
    const end = at + 1 + bytes[at]!;
    while (++at < end) {
      if (bytes[at] === 0x2c || bytes[at] === 0x5c) list.push(0x5c);
      list.push(bytes[at]!);
    }
  }
  return quoted(Uint8Array.from(list), 0, list.length);
}

/**
 * Parses parameters in any order.
 *
 * @returns their bytes, or what is wrong with them
 */
export function parseParameters(words: readonly string[]): number[] | string {
  const values = new Map<number, Uint8Array>();
  for (const word of words) {
    const [, name = "", given] = /^([^=]*)(?:=([\s\S]*))?$/.exec(word)!;
    const key = keyOf(name);
    if (key < 0) return `${name} is no parameter: expected ${SVC_KEY_NAMES.join(", ")}, or key and a number`;
    if (values.has(key)) return `${name} is given twice`;
    const value = bytesOfValue(key, given === undefined ? "" : unquoted(given));
    if (value === undefined) return `${name} has a value that it cannot have: ${given ?? "none"}`;
    values.set(key, value);
  }
  const sorted = [...values].sort(([key], [other]) => key - other);
  const bytes = sorted.flatMap(([key, value]) => [
    key >> 8,
    key & 255,
    value.length >> 8,
    value.length & 255,
    ...value,
  ]);
  if (values.has(SvcKey.noDefaultAlpn) && !values.has(SvcKey.alpn)) return "no-default-alpn needs alpn";
  if (areParametersSound(Uint8Array.from(bytes), 0, bytes.length)) return bytes;
  return "mandatory names a parameter that is not there, or itself";
}

function unquoted(text: string): string {
  return /^"[\s\S]*"$/.test(text) ? text.slice(1, -1) : text;
}

function bytesOfValue(key: number, text: string): Uint8Array | undefined {
  const bytes = bytesOfWord(text);
  if (bytes === undefined || bytes.length > 65_535) return undefined;
  const each = (value: (part: string) => readonly number[] | Uint8Array | undefined) => {
    const parts = text.split(",").map(value);
    return parts.includes(undefined) ? undefined : Uint8Array.from(parts.flatMap((part) => [...part!]));
  };
  switch (key) {
    case SvcKey.mandatory: {
      const keys = text.split(",").map(keyOf);
      if (keys.some((one) => one < 0) || new Set(keys).size < keys.length) return undefined;
      return Uint8Array.from(keys.sort((a, b) => a - b).flatMap((one) => [one >> 8, one & 255]));
    }
    case SvcKey.port: {
      const port = parseDecimal(text, 65_535);
      return port < 0 ? undefined : Uint8Array.of(port >> 8, port & 255);
    }
    case SvcKey.ipv4hint:
      return each((part) => (part.includes(":") ? undefined : parseIp(part)));
    case SvcKey.ipv6hint:
      return each((part) => (part.includes(":") ? parseIp(part) : undefined));
    case SvcKey.ech:
      return parseBase64(text);
    case SvcKey.alpn:
      return protocolsOf(bytes);
    case SvcKey.noDefaultAlpn:
    case SvcKey.ohttp:
      return bytes.length === 0 ? bytes : undefined;
    default:
      return bytes;
  }
}

function protocolsOf(list: Uint8Array): Uint8Array | undefined {
  const protocols: number[][] = [[]];
  for (let at = 0; at < list.length; at++) {
    if (list[at] === 0x2c) protocols.push([]);
    else {
      if (list[at] === 0x5c && ++at === list.length) return undefined;
      protocols.at(-1)!.push(list[at]!);
    }
  }
  if (protocols.some(({ length }) => length === 0 || length > 255)) return undefined;
  return Uint8Array.from(protocols.flatMap((protocol) => [protocol.length, ...protocol]));
}
