/**
 * Returns the seconds that a `Keep-Alive` field promises (`timeout=5, max=100`: draft-thomson-hybi-http-timeout §2, as all
 * servers write it), or -1 where it has no readable `timeout`. Nothing is decoded: each answer of many servers has this field.
 */
export function keepAliveSeconds(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (isTimeout(bytes, at, to)) return number(bytes, at + TIMEOUT.length, to);
    while (at < to && bytes[at] !== COMMA) at += 1;
    while (at + 1 < to && (bytes[at + 1] === SPACE || bytes[at + 1] === TAB)) at += 1;
  }
  return -1;
}

const TIMEOUT = new TextEncoder().encode("timeout=");
const COMMA = 0x2c;
const SPACE = 0x20;
const TAB = 0x09;
const MAX_DIGITS = 9;

function isTimeout(bytes: Uint8Array, at: number, to: number): boolean {
  if (to - at <= TIMEOUT.length) return false;
  for (let i = 0; i < TIMEOUT.length - 1; i++) if ((bytes[at + i]! | 0x20) !== TIMEOUT[i]) return false;
  return bytes[at + TIMEOUT.length - 1] === TIMEOUT[TIMEOUT.length - 1];
}

function number(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let at = from;
  for (; at < to; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    if (at - from === MAX_DIGITS) return -1;
    value = value * 10 + digit;
  }
  const isWhole = at > from && (at === to || bytes[at] === COMMA || bytes[at] === SPACE || bytes[at] === TAB);
  return isWhole ? value : -1;
}
