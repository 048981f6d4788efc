import { domainToASCII } from "node:url";
import type { InvalidReason } from "./types.ts";

export const MAX_NAME_BYTES = 253;
export const MAX_LABEL_BYTES = 63;

/** Kinds of bytes in a list. */
export const OTHER = 0;
export const LETTER = 1;
export const DOT = 2;
export const BLANK = 3;
export const HASH = 4;
export const LINE_FEED = 5;

/** The kind of each byte. Host names in real lists have underscores, and hyphens anywhere. */
export const KIND: Uint8Array = kinds();

function kinds(): Uint8Array {
  const table = new Uint8Array(new ArrayBuffer(256));
  for (const letter of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    table[letter.charCodeAt(0)] = LETTER;
  table[0x2e] = DOT;
  for (const blank of " \t\r\f\v") table[blank.charCodeAt(0)] = BLANK;
  table[0x23] = HASH;
  table[0x0a] = LINE_FEED;
  return table;
}

/** Result of `scanName`: where the name ends, and what is wrong with it. */
export interface ScannedName {
  /** Offset after the name and its trailing dot. */
  next: number;
  /** End of the name without a trailing dot. */
  end: number;
  /** Dots within the name. */
  dots: number;
  problem: InvalidReason | undefined;
}

/** Reads the name at `from`, up to the first byte that is no part of a name. The bytes end with a line feed. */
export function scanName(bytes: Uint8Array, from: number, result: ScannedName): void {
  let at = from;
  let label = from;
  let dots = 0;
  let isBadLabel = false;
  for (;;) {
    const kind = KIND[bytes[at]!];
    if (kind === LETTER) at += 1;
    else if (kind === DOT) {
      isBadLabel ||= at === label || at - label > MAX_LABEL_BYTES;
      at += 1;
      label = at;
      dots += 1;
    } else break;
  }
  result.next = at;
  let end = at;
  if (at === label && dots > 0) {
    end -= 1;
    dots -= 1;
  } else isBadLabel ||= at === label || at - label > MAX_LABEL_BYTES;
  result.end = end;
  result.dots = dots;
  result.problem = undefined;
  if (isBadLabel) result.problem = "a label is empty or longer than 63 bytes";
  else if (end - from > MAX_NAME_BYTES) result.problem = "a name is longer than 253 bytes";
  else if (isDigit(bytes[end - 1]!) && hasNumericEnd(bytes, from, end)) result.problem = "an address, not a name";
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** No top-level domain is a number (RFC 3696 §2): such a name is an address, or a part of one. */
function hasNumericEnd(bytes: Uint8Array, from: number, end: number): boolean {
  let at = end - 1;
  while (at >= from && isDigit(bytes[at]!)) at -= 1;
  return at < from || bytes[at] === 0x2e;
}

const LOCAL_DOMAIN = new TextEncoder().encode("localhost.localdomain");

/** Returns whether a name is `localhost.localdomain`, the only ignored one that looks like an ordinary name. */
export function isLocalDomain(bytes: Uint8Array, from: number, end: number): boolean {
  if (end - from !== LOCAL_DOMAIN.length) return false;
  for (let at = 0; at < LOCAL_DOMAIN.length; at++)
    if ((bytes[from + at]! | 0x20) !== (LOCAL_DOMAIN[at]! | 0x20)) return false;
  return true;
}

const IGNORED = new Set(["localhost", "local", "broadcasthost", "loopback", "0.0.0.0", "localhost4", "localhost6"]);

/** Whether a name is one that every hosts file has for the machine itself. Called for names that are wrong or short. */
export function isIgnored(bytes: Uint8Array, from: number, end: number): boolean {
  if (end - from > 24) return false;
  const name = String.fromCharCode(...bytes.subarray(from, end)).toLowerCase();
  return IGNORED.has(name) || /^ip6-[a-z]+$/.test(name);
}

/** Returns a name with letters of other scripts in the form that DNS has (`xn--…`); undefined where there is none. */
export function toAsciiName(name: string): string | undefined {
  // Without them there is nothing to convert; the conversion of other characters is for URLs.
  if (!/[\u0080-\uffff]/.test(name) || /[^\w.\u0080-\uffff-]/.test(name)) return undefined;
  const ascii = domainToASCII(name);
  return ascii === "" ? undefined : ascii;
}
