import { BlockDecision, RuleIndex, type Verdict } from "../blocking/mod.ts";
import type { Asker, Blocker } from "../chain/mod.ts";
import { type ClientRules, ClientTable } from "../client-rules/mod.ts";
import type { Rewrite } from "../list-format/mod.ts";
import { PageReader, type PlacedRule } from "../pages/mod.ts";

/** What a thread needs to block names: plain data and shared memory, to be posted to it. */
export interface BlockSettings {
  /** Memory of `NamePages`. */
  readonly pages: SharedArrayBuffer;
  readonly seed: number;
  /** Rules that are more than names; undefined for those that the thread has, because indexing them takes long. */
  readonly rules: readonly PlacedRule[] | undefined;
  /** Mask of the lists that count. */
  readonly lists: number;
  /** Nothing is blocked, but rewrites that lead elsewhere hold. @default {false} */
  readonly isPaused?: boolean;
  /** What holds for some clients instead. @default {none} */
  readonly clients?: readonly ClientRules[];
}

/** Blocks the names of the lists, on one thread. */
export class ListBlocker implements Blocker {
  /** Given to the next blocker, where the rules stay. */
  readonly index: RuleIndex;
  readonly #reader: PageReader;
  readonly #decision: BlockDecision;
  readonly #lists: number;
  readonly #isPaused: boolean;
  /** Undefined where the same holds for all clients. */
  readonly #clients: ClientTable | undefined;

  /**
   * @param thread its number among those who read the pages; undefined on the thread that writes them
   * @param before the thread's blocker until now
   */
  constructor(settings: BlockSettings, thread: number | undefined, before?: ListBlocker) {
    const { pages, seed, rules, lists, isPaused = false, clients = [] } = settings;
    this.#reader = new PageReader(pages, thread);
    this.index = rules === undefined && before !== undefined ? before.index : new RuleIndex(rules ?? [], seed);
    this.#decision = new BlockDecision(this.#reader, this.index);
    this.#lists = lists;
    this.#isPaused = isPaused;
    const isForSome = clients.length > 0 || this.index.hasClientRules;
    this.#clients = isForSome ? new ClientTable(clients, { lists, isPaused }) : undefined;
  }

  decide(bytes: Uint8Array, nameAt: number, type: number, asker: Asker): Verdict {
    const decision = this.#decision;
    if (this.#clients === undefined)
      return decision.decide(bytes, nameAt, type, this.#lists, undefined, this.#isPaused);
    const { client, lists, isPaused } = this.#clients.of(asker.ip);
    return decision.decide(bytes, nameAt, type, lists, client, isPaused);
  }

  get rewrites(): readonly Rewrite[] {
    return this.#decision.rewrites;
  }

  /** What made the last decision. */
  get decided(): BlockDecision {
    return this.#decision;
  }

  /** Begins a batch of lookups: until `leave` the writer keeps the pages that may be read. */
  enter(): void {
    this.#reader.enter();
  }

  leave(): void {
    this.#reader.leave();
  }
}
