import { hashName, labelCount, type Query, sameName } from "../../wire/dns/mod.ts";

interface Entry<Value> {
  readonly name: Uint8Array;
  readonly isZone: boolean;
  readonly value: Value;
}

/** Where the labels of a name are, as `readQuery` finds them. */
export type Labels = Pick<Query, "nameFrom" | "labels" | "labelStarts">;

/** Values of names and zones: a name has the value of the longest one that it is, or is below. Finding allocates nothing. */
export class SuffixTable<Value> {
  readonly #byHash = new Map<number, Entry<Value>[]>();
  /** How many labels its names have, the most first: other numbers need no lookup. */
  #depths: number[] = [];

  /** Sets the value of a name; with `isZone` also of those below it. The last one set counts. */
  set(name: Uint8Array, value: Value, isZone: boolean): void {
    // A map of integers with a sign is faster than one of numbers beyond 31 bits.
    const hash = hashName(name, 0, 0) | 0;
    const others = (this.#byHash.get(hash) ?? []).filter((entry) => !sameName(name, 0, entry.name, 0));
    this.#byHash.set(hash, [...others, { name, isZone, value }]);
    const depth = labelCount(name, 0);
    this.#depths = [...new Set([...this.#depths, depth])].sort((one, other) => other - one);
  }

  /** @param bytes that the labels are in */
  find({ nameFrom, labels, labelStarts }: Labels, bytes: Uint8Array): Value | undefined {
    for (let index = 0; index < this.#depths.length; index++) {
      const depth = this.#depths[index]!;
      if (depth > labels) continue;
      const at = nameFrom + labelStarts[labels - depth]!;
      const entries = this.#byHash.get(hashName(bytes, at, 0) | 0);
      if (entries === undefined) continue;
      for (let place = 0; place < entries.length; place++) {
        const { name, isZone, value } = entries[place]!;
        if ((isZone || depth === labels) && sameName(bytes, at, name, 0)) return value;
      }
    }
    return undefined;
  }
}
