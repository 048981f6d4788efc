import type { NewAnswer } from "../../../src/dns/answers/mod.ts";

/** A query for an A record of `name`. */
export function query(name: string, id = 7): Uint8Array {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label, "latin1")]);
  return Uint8Array.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

export function nameBytesOf(name: string): number {
  return name.length + 2;
}

/** An answer with one address and `fill` bytes of text behind it. */
export function answer(name: string, ttlSeconds: number, last: number, fill = 0, variant = 0): NewAnswer {
  const question = query(name, 0);
  question.set([0x81, 0x80], 2);
  question[7] = 1;
  const ttl = [ttlSeconds >>> 24, (ttlSeconds >>> 16) & 255, (ttlSeconds >>> 8) & 255, ttlSeconds & 255];
  const record = [0xc0, 12, 0, 1, 0, 1, ...ttl, 0, 4, 192, 0, last >> 8, last & 255];
  const bytes = Uint8Array.from([...question, ...record, ...new Array<number>(fill).fill(last & 255)]);
  return {
    bytes,
    length: bytes.length,
    nameBytes: nameBytesOf(name),
    variant,
    ttlOffsets: [question.length + 6],
    ttls: 1,
    ttlSeconds,
    leadsElsewhere: false,
  };
}

/** What `find` wrote: the last two bytes of the address, the TTL, and whether the fill behind is all of one answer. */
export function read(out: Uint8Array, name: string): { last: number; ttl: number; name: string } {
  const at = 12 + nameBytesOf(name) + 4;
  return {
    last: (out[at + 14]! << 8) | out[at + 15]!,
    ttl: ((out[at + 6]! << 24) | (out[at + 7]! << 16) | (out[at + 8]! << 8) | out[at + 9]!) >>> 0,
    name: Buffer.from(out.subarray(13, 12 + nameBytesOf(name) - 1)).toString("latin1"),
  };
}
