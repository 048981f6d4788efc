import type { Family, Sample } from "./exposition.ts";

/** Bounds of a {@link FamilyBook}. */
export interface FamilyBookOptions {
  /** Values one name may have; what comes after them is left out. @default {4096} */
  readonly maxSamples?: number;
  /** Names one book may have. @default {2048} */
  readonly maxFamilies?: number;
}

/** The labels of a value that has none. */
const NONE: Readonly<Record<string, string>> = {};

interface OpenFamily extends Family {
  readonly samples: Sample[];
  readonly seen: Set<string>;
}

/**
 * Families as they are read: whatever is added under one name comes together, in the order of first mention. What one
 * broken file says cannot spoil a scrape, which Prometheus takes or refuses whole: names that cannot be, values that are
 * none and a second value for the same labels are left out.
 *
 * @example
 * const book = new FamilyBook();
 * book.add("gauge", "node_load1", "1m load average.", 0.5);
 * book.families().length; // 1
 */
export class FamilyBook {
  readonly #families = new Map<string, OpenFamily>();
  readonly #maxSamples: number;
  readonly #maxFamilies: number;

  constructor({ maxSamples = 4096, maxFamilies = 2048 }: FamilyBookOptions = {}) {
    this.#maxSamples = maxSamples;
    this.#maxFamilies = maxFamilies;
  }

  /** @param value left out where it is undefined or not finite: the machine does not tell */
  add(
    type: Family["type"],
    name: string,
    help: string,
    value: number | undefined,
    labels: Readonly<Record<string, string>> = NONE,
  ): void {
    if (value === undefined || !Number.isFinite(value)) return;
    const family = this.#families.get(name) ?? this.#open(type, name, help);
    if (family === undefined || family.samples.length >= this.#maxSamples) return;
    const key = labels === NONE ? "" : Object.values(labels).join("\0");
    if (family.seen.has(key)) return;
    family.seen.add(key);
    family.samples.push({ value, labels });
  }

  families(): readonly Family[] {
    return [...this.#families.values()];
  }

  #open(type: Family["type"], name: string, help: string): OpenFamily | undefined {
    if (this.#families.size >= this.#maxFamilies || !/^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/.test(name)) return undefined;
    const family: OpenFamily = { name, help, type, samples: [], seen: new Set() };
    this.#families.set(name, family);
    return family;
  }
}
