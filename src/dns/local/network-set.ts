import { TenkError } from "../../base/mod.ts";
import { parseIp } from "../../wire/mod.ts";

/** A range of addresses: sixteen bytes, IPv4 as `::ffff:a.b.c.d`, and how many bits of them count. Plain data. */
export interface NetworkRange {
  readonly prefix: Uint8Array;
  readonly bits: number;
}

const IP_BYTES = 16;
const WORDS = 4;
const MAPPED_BITS = 96;

/** Returns an address as sixteen bytes, IPv4 as `::ffff:a.b.c.d`. */
export function mappedIp(bytes: Uint8Array): Uint8Array {
  return bytes.length === IP_BYTES ? bytes : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
}

/**
 * Parses a range of addresses.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseNetwork("192.168.0.0/16"); // bits: 112
 * parseNetwork("fd00::7"); // bits: 128
 */
export function parseNetwork(text: string): NetworkRange {
  const [address = "", length, ...more] = text.split("/");
  const bytes = parseIp(address);
  const most = (bytes?.length ?? 0) * 8;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (bytes === undefined || more.length > 0 || !(bits <= most))
    throw new TenkError("invalid-option", `Cannot use ${JSON.stringify(text)} as a range of addresses`, {
      hint: "write 192.0.2.1, 192.168.0.0/16 or fd00::/8",
    });
  return { prefix: mappedIp(bytes), bits: bytes.length === IP_BYTES ? bits : bits + MAPPED_BITS };
}

/** Finds the range that contains an address. Four comparisons a range; allocates nothing. */
export class NetworkSet {
  readonly #count: number;
  readonly #prefixes: Int32Array;
  readonly #masks: Int32Array;

  constructor(ranges: readonly NetworkRange[]) {
    this.#count = ranges.length;
    this.#prefixes = new Int32Array(ranges.length * WORDS);
    this.#masks = new Int32Array(ranges.length * WORDS);
    for (const [index, { prefix, bits }] of ranges.entries()) {
      for (let word = 0; word < WORDS; word++) {
        const ones = Math.min(32, Math.max(0, bits - word * 32));
        const mask = ones === 0 ? 0 : -1 << (32 - ones);
        this.#masks[index * WORDS + word] = mask;
        this.#prefixes[index * WORDS + word] = ipWord(prefix, word * 4) & mask;
      }
    }
  }

  /** Returns the index of the first range that contains an address of sixteen bytes; -1 if none does. */
  indexOf(ip: Uint8Array): number {
    const prefixes = this.#prefixes;
    const masks = this.#masks;
    const first = ipWord(ip, 0);
    const second = ipWord(ip, 4);
    const third = ipWord(ip, 8);
    const last = ipWord(ip, 12);
    for (let index = 0, at = 0; index < this.#count; index++, at += WORDS) {
      if ((last & masks[at + 3]!) !== prefixes[at + 3]) continue;
      if ((third & masks[at + 2]!) !== prefixes[at + 2]) continue;
      if ((second & masks[at + 1]!) === prefixes[at + 1] && (first & masks[at]!) === prefixes[at]) return index;
    }
    return -1;
  }

  has(ip: Uint8Array): boolean {
    return this.indexOf(ip) >= 0;
  }
}

/** Returns four bytes of an address as one number. */
export function ipWord(ip: Uint8Array, at: number): number {
  return (ip[at]! << 24) | (ip[at + 1]! << 16) | (ip[at + 2]! << 8) | ip[at + 3]!;
}
