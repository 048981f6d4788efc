import { MAX_LABEL_BYTES, parseName } from "../../wire/dns/mod.ts";
import { nameKey } from "./records.ts";

export const LOCAL = parseName("local")!;
export const SERVICE_TYPES = parseName("_services._dns-sd._udp.local")!;

const UNDERSCORE = 0x5f;

/** Returns the name of a service instance (RFC 6763 §4.1): a label that people read, then the type. */
export function instanceName(instance: string, type: Uint8Array): Uint8Array {
  const label = cut(new TextEncoder().encode(instance), MAX_LABEL_BYTES);
  return Uint8Array.of(label.length, ...label, ...type);
}

/** Returns the name that is tried after a name was taken by another machine: `box-2.local`, or `git (2)` of a service instance. */
export function numberedName(name: Uint8Array, number: number): Uint8Array {
  if (number < 2) return name;
  const length = name[0]!;
  // The type of an instance follows it.
  const isInstance = name[length + 2] === UNDERSCORE;
  const suffix = new TextEncoder().encode(isInstance ? ` (${number})` : `-${number}`);
  const label = cut(name.subarray(1, 1 + length), MAX_LABEL_BYTES - suffix.length);
  return Uint8Array.of(label.length + suffix.length, ...label, ...suffix, ...name.subarray(1 + length));
}

/** Cuts a text of UTF-8 between two characters. */
function cut(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

/** Which names are used instead of those that other machines have. */
export class NameBook {
  readonly #numbers = new Map<string, number>();

  /** Returns the name in use of a declared one. */
  inUse(declared: Uint8Array): Uint8Array {
    return numberedName(declared, this.#numbers.get(nameKey(declared)) ?? 1);
  }

  /**
   * Chooses the next name for a declared one.
   *
   * @param isTaken whether we have that name already, of another declaration
   * @returns its number
   */
  next(declared: Uint8Array, isTaken: (key: string) => boolean): number {
    const key = nameKey(declared);
    let number = this.#numbers.get(key) ?? 1;
    do number += 1;
    while (isTaken(nameKey(numberedName(declared, number))));
    this.#numbers.set(key, number);
    return number;
  }

  /** Forgets names that are no longer declared. */
  keep(declared: ReadonlySet<string>): void {
    for (const key of this.#numbers.keys()) if (!declared.has(key)) this.#numbers.delete(key);
  }
}
