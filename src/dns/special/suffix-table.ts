import { hashName, labelCount, type Query, sameName } from "../../wire/dns/mod.ts";

interface Entry<Value> {
  readonly name: Uint8Array;
  readonly isZone: boolean;
  readonly value: Value;
}

/** Where the labels of a name are, as `readQuery` finds them. */
export type Labels = Pick<Query, "nameFrom" | "labels" | "labelStarts">;

/** A power of two: most names share neither their last label nor the last two with any in a table, and need no lookup. */
const FILTER_SIZE = 1024;

/** Values of names and zones: a name has the value of the longest one that it is, or is below. Finding allocates nothing. */
export class SuffixTable<Value> {
  readonly #byHash = new Map<number, Entry<Value>[]>();
  /** How many labels its names have, the most first: other numbers need no lookup. */
  #depths: number[] = [];
  /** By hash: 1 for the names of one label, and for the last two labels of longer ones. */
  readonly #lastLabels = new Uint8Array(FILTER_SIZE);
  readonly #lastTwo = new Uint8Array(FILTER_SIZE);
  /** What was set for the root, which every name is below. */
  #root: Entry<Value> | undefined;

  /** Sets the value of a name; with `isZone` also of those below it. The last one set counts. */
  set(name: Uint8Array, value: Value, isZone: boolean): void {
    const depth = labelCount(name, 0);
    const entry = { name, isZone, value };
    if (depth === 0) {
      this.#root = entry;
      return;
    }
    // A map of integers with a sign is faster than one of numbers beyond 31 bits.
    const hash = hashName(name, 0, 0) | 0;
    const others = (this.#byHash.get(hash) ?? []).filter((other) => !sameName(name, 0, other.name, 0));
    this.#byHash.set(hash, [...others, entry]);
    this.#depths = [...new Set([...this.#depths, depth])].sort((one, other) => other - one);
    let at = 0;
    for (let left = depth; left > 2; left--) at += name[at]! + 1;
    const filter = depth === 1 ? this.#lastLabels : this.#lastTwo;
    filter[placeOf(name, at)] = 1;
  }

  /** @param bytes that the labels are in */
  find(name: Labels, bytes: Uint8Array): Value | undefined {
    if (this.#mayHave(name, bytes)) {
      const { nameFrom, labels, labelStarts } = name;
      for (let index = 0; index < this.#depths.length; index++) {
        const depth = this.#depths[index]!;
        if (depth > labels) continue;
        const at = nameFrom + labelStarts[labels - depth]!;
        const entries = this.#byHash.get(hashName(bytes, at, 0) | 0);
        if (entries === undefined) continue;
        for (let place = 0; place < entries.length; place++) {
          const entry = entries[place]!;
          if ((entry.isZone || depth === labels) && sameName(bytes, at, entry.name, 0)) return entry.value;
        }
      }
    }
    const root = this.#root;
    return root !== undefined && (root.isZone || name.labels === 0) ? root.value : undefined;
  }

  #mayHave({ nameFrom, labels, labelStarts }: Labels, bytes: Uint8Array): boolean {
    if (labels === 0) return false;
    if (this.#lastLabels[placeOf(bytes, nameFrom + labelStarts[labels - 1]!)] !== 0) return true;
    return labels > 1 && this.#lastTwo[placeOf(bytes, nameFrom + labelStarts[labels - 2]!)] !== 0;
  }
}

function placeOf(bytes: Uint8Array, at: number): number {
  return hashName(bytes, at, 0) & (FILTER_SIZE - 1);
}
