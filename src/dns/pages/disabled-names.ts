import { FOLDED, SEPARATOR } from "./name-hash.ts";
import { type DisabledEntries, hashOf } from "./page-encoder.ts";

/** Entries that `$badfilter` switches off, by the keys of `nameKey`. */
export class DisabledNames implements DisabledEntries {
  readonly #hashes = new Set<number>();
  readonly #keys = new Set<string>();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#keys.size;
  }

  add(key: string): void {
    const [flags = "", name = ""] = key.split(" ");
    const reversed = reversedName(name);
    this.#hashes.add(hashOf(reversed, 0, reversed.length, this.#seed));
    this.#keys.add(`${flags} ${textOf(reversed, 0, reversed.length)}`);
  }

  hasHash(hash: number): boolean {
    return this.#hashes.has(hash);
  }

  has(reversed: Uint8Array, from: number, length: number, flags: number): boolean {
    return this.#keys.has(`${flags} ${textOf(reversed, from, length)}`);
  }
}

/** Returns the bytes of a name with its letters small and in reverse. */
export function reversedName(name: string): Uint8Array {
  const text = Buffer.from(name, "latin1");
  return Uint8Array.from(text, (byte) => (byte === SEPARATOR ? SEPARATOR : FOLDED[byte]!)).reverse();
}

function textOf(bytes: Uint8Array, from: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString("latin1");
}
