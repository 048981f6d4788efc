import type { Family, Sample } from "./exposition.ts";

/** Bounds of a {@link FamilyBuilder}. */
export interface FamilyBuilderOptions {
  /** Values one name may have; the rest are left out. @default {4096} */
  readonly maxSamples?: number;
  /** Names one builder may hold. @default {2048} */
  readonly maxFamilies?: number;
}

const NO_LABELS: Readonly<Record<string, string>> = {};

interface OpenFamily extends Family {
  readonly samples: Sample[];
  readonly seen: Set<string>;
}

/**
 * Collects values into families, in the order in which names are first added. Prometheus rejects a whole scrape for one
 * bad line, so invalid names, values that are not finite and a second value for the same labels are left out: one broken
 * file must not cost all other metrics.
 *
 * @example
 * const builder = new FamilyBuilder();
 * builder.add("gauge", "node_load1", "1m load average.", 0.5);
 * builder.families().length; // 1
 */
export class FamilyBuilder {
  readonly #families = new Map<string, OpenFamily>();
  readonly #maxSamples: number;
  readonly #maxFamilies: number;

  constructor({ maxSamples = 4096, maxFamilies = 2048 }: FamilyBuilderOptions = {}) {
    this.#maxSamples = maxSamples;
    this.#maxFamilies = maxFamilies;
  }

  /** @param value left out where it is undefined, because the machine does not report it, or not finite */
  add(
    type: Family["type"],
    name: string,
    help: string,
    value: number | undefined,
    labels: Readonly<Record<string, string>> = NO_LABELS,
  ): void {
    if (value === undefined || !Number.isFinite(value)) return;
    const family = this.#families.get(name) ?? this.#open(type, name, help);
    if (family === undefined || family.samples.length >= this.#maxSamples) return;
    const key = labels === NO_LABELS ? "" : Object.values(labels).join("\0");
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
