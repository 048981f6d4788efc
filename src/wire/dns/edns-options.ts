import { readUint16 } from "./integers.ts";

/** Options of OPT records (RFC 6891 §6.1.2): code and length of 16 bits each, then data. */
export const OPTION_HEAD_BYTES = 4;

/** The options that anything here is done with, or that have a form that can be wrong. */
export const EdnsOption = {
  llq: 1,
  nsid: 3,
  clientSubnet: 8,
  expire: 9,
  cookie: 10,
  tcpKeepalive: 11,
  padding: 12,
  extendedError: 15,
} as const;

/** More are refused: each costs work before anything is known of the sender, and honest messages have five at most. */
export const MAX_OPTIONS = 32;

/**
 * Checks the options in `bytes[at, to)`: that they fill it, are not too many, and have the form of their kind.
 *
 * @param isQuery a query's client subnet has no scope, and its cookie may lack the server's half
 */
export function areOptionsSound(bytes: Uint8Array, at: number, to: number, isQuery: boolean): boolean {
  for (let count = 0; at < to; count++) {
    if (count === MAX_OPTIONS) return false;
    const code = readUint16(bytes, at);
    const length = readUint16(bytes, at + 2);
    at += OPTION_HEAD_BYTES;
    // Nothing is left behind an option whose head is cut off.
    if (length > to - at || !isOptionSound(bytes, code, at, length, isQuery)) return false;
    at += length;
  }
  return true;
}

function isOptionSound(bytes: Uint8Array, code: number, at: number, length: number, isQuery: boolean): boolean {
  switch (code) {
    case EdnsOption.llq:
      return length === 18; // RFC 8764 §3.2
    case EdnsOption.clientSubnet:
      return isSubnetSound(bytes, at, length, isQuery);
    case EdnsOption.expire:
      return length === 0 || length === 4; // RFC 7314 §3
    case EdnsOption.cookie:
      return (isQuery && length === 8) || (length >= 16 && length <= 40); // RFC 7873 §4
    case EdnsOption.tcpKeepalive:
      return length === 0 || length === 2; // RFC 7828 §3.1
    case EdnsOption.extendedError:
      return length >= 2; // RFC 8914 §2
    default:
      return true;
  }
}

/** RFC 7871 §6, §7.1.2: as many bytes of the address as the prefix needs, and zeros behind the prefix. */
function isSubnetSound(bytes: Uint8Array, at: number, length: number, isQuery: boolean): boolean {
  const family = readUint16(bytes, at);
  const sourceBits = bytes[at + 2]!;
  const scopeBits = bytes[at + 3]!;
  const maxBits = family === 1 ? 32 : family === 2 ? 128 : 0;
  // A client that wants no subnet to be sent names family 0 or its own, with no bits.
  if (family > 2 || sourceBits > maxBits || scopeBits > maxBits || (isQuery && scopeBits > 0)) return false;
  if (length - 4 !== (sourceBits + 7) >> 3) return false;
  const unused = -sourceBits & 7;
  return unused === 0 || (bytes[at + length - 1]! & ((1 << unused) - 1)) === 0;
}

/**
 * Finds the first option of a code among sound ones; others of the same code are ignored (RFC 7873 §5.2).
 *
 * @returns where its data begin, behind code and length; -1 where there is none
 */
export function findOption(bytes: Uint8Array, at: number, to: number, code: number): number {
  while (at < to) {
    if (readUint16(bytes, at) === code) return at + OPTION_HEAD_BYTES;
    at += OPTION_HEAD_BYTES + readUint16(bytes, at + 2);
  }
  return -1;
}

/** Returns the length of the option whose data begin at `at`. */
export function optionLength(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at - 2);
}
