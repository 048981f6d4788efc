import { BlockDecision, RuleIndex, type Verdict } from "../blocking/mod.ts";
import type { Asker, Blocker } from "../chain/mod.ts";
import type { Rewrite } from "../list-format/mod.ts";
import { PageReader, type PlacedRule } from "../pages/mod.ts";

/** What a thread needs to block names: plain data and shared memory, to be posted to it. */
export interface BlockSettings {
  /** Memory of `NamePages`. */
  readonly pages: SharedArrayBuffer;
  readonly seed: number;
  /** Rules that are more than names. */
  readonly rules: readonly PlacedRule[];
  /** Mask of the lists that count. */
  readonly lists: number;
  /** Nothing is blocked, but rewrites that lead elsewhere hold. @default {false} */
  readonly isPaused?: boolean;
}

/** Blocks the names of the lists, on one thread. */
export class ListBlocker implements Blocker {
  readonly #reader: PageReader;
  readonly #decision: BlockDecision;
  readonly #seed: number;
  #lists: number;
  readonly #isPaused: boolean;

  /** @param thread its number among those who read the pages; undefined on the thread that writes them */
  constructor({ pages, seed, rules, lists, isPaused = false }: BlockSettings, thread: number | undefined) {
    this.#reader = new PageReader(pages, thread);
    this.#decision = new BlockDecision(this.#reader, new RuleIndex(rules, seed));
    this.#seed = seed;
    this.#lists = lists;
    this.#isPaused = isPaused;
  }

  decide(bytes: Uint8Array, nameAt: number, type: number, _asker: Asker): Verdict {
    return this.#decision.decide(bytes, nameAt, type, this.#lists, undefined, this.#isPaused);
  }

  get rewrites(): readonly Rewrite[] {
    return this.#decision.rewrites;
  }

  /** What made the last decision. */
  get decided(): BlockDecision {
    return this.#decision;
  }

  /** Takes over the rules of lists that were refreshed. */
  update({ rules, lists }: Pick<BlockSettings, "rules" | "lists">): void {
    this.#decision.rules = new RuleIndex(rules, this.#seed);
    this.#lists = lists;
  }

  /** Begins a batch of lookups: until `leave` the writer keeps the pages that may be read. */
  enter(): void {
    this.#reader.enter();
  }

  leave(): void {
    this.#reader.leave();
  }
}
