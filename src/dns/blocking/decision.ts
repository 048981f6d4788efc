import type { Rewrite } from "../list-format/mod.ts";
import type { PageReader } from "../pages/mod.ts";
import type { BlockClient } from "./conditions.ts";
import type { IndexedRule, RuleIndex } from "./rule-index.ts";

/** What becomes of a question. */
export const Verdict = {
  /** No list says anything. */
  none: 0,
  /** A rule allows it, so that it must not be blocked later by what its answer contains either. */
  allowed: 1,
  blocked: 2,
  /** It is answered by `rewrites`. */
  rewritten: 3,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

const NO_REWRITES: readonly Rewrite[] = [];

/**
 * Decides whether questions are blocked; one object per thread. Its fields say what decided, until the next question.
 *
 * 1. `$dnsrewrite` comes first, unless an exception takes it away.
 * 2. Then the highest rank: `@@…$important`, `…$important`, `@@…`, everything else. So allow beats block, and important both.
 * 3. Of equal ranks, an entry with a plain name comes before another rule, and the one with fewer labels before a longer one.
 */
export class BlockDecision {
  /** Mask of the lists with the entry or rule that decided. */
  lists = 0;
  /** Labels of the entry that decided: 2 for `||example.org^`. 0 where it was a rule. */
  labels = 0;
  /** Flags of the entry that decided. */
  flags = 0;
  /** The rule that decided; undefined if it was an entry with a plain name. */
  rule: IndexedRule | undefined;
  /** How to answer: with one code, or with these records. For a blocked question it is set only if the rule says how to block. */
  rewrites: readonly Rewrite[] = NO_REWRITES;

  readonly #reader: PageReader;
  #rules: RuleIndex;

  constructor(reader: PageReader, rules: RuleIndex) {
    this.#reader = reader;
    this.#rules = rules;
  }

  /** Replaces the rules that are more than names, after a refresh of the lists. */
  set rules(rules: RuleIndex) {
    this.#rules = rules;
  }

  /**
   * Decides about a name in wire form. Allocates nothing unless a rule with a pattern or a condition applies.
   *
   * @param lists mask of the lists that count for this client
   * @param isPaused blocking is paused: nothing is blocked, but rewrites that lead elsewhere still apply
   */
  decide(wire: Uint8Array, from: number, type: number, lists: number, client?: BlockClient, isPaused = false): Verdict {
    const reader = this.#reader;
    let rank: number;
    if (isPaused) {
      reader.readName(wire, from);
      rank = -1;
    } else rank = reader.lookup(wire, from, lists);
    this.lists = rank < 0 ? 0 : reader.lists;
    this.labels = rank < 0 ? 0 : reader.labels;
    this.flags = rank < 0 ? 0 : reader.flags;
    this.rule = undefined;
    this.rewrites = NO_REWRITES;
    if (this.#rules.size > 0) {
      const found = this.#rules.find(reader, lists, type, client);
      if (found.length > 0) return this.#weigh(found, rank, isPaused);
    }
    return verdictOf(rank);
  }

  #weigh(found: readonly IndexedRule[], plainRank: number, isPaused: boolean): Verdict {
    const rewriting = found.find((rule) => rule.rewrite && (rule.rank & 1) === 0);
    if (rewriting !== undefined && this.#rewrite(found, isPaused)) {
      return this.rewrites.every(isBlocking) ? Verdict.blocked : Verdict.rewritten;
    }
    let rank = plainRank;
    for (const rule of found) {
      if (isPaused || rule.rewrite !== undefined || rule.rank <= rank) continue;
      rank = rule.rank;
      this.#note(rule);
    }
    return verdictOf(rank);
  }

  /** Gathers the rewrites that no exception takes away. @returns whether there are any */
  #rewrite(found: readonly IndexedRule[], isPaused: boolean): boolean {
    const exceptions = found.filter((rule) => (rule.rank & 1) === 1 && rule.rewrite !== undefined);
    if (exceptions.some(({ rewrite }) => rewrite === null)) return false;
    const kept = found.filter(
      ({ rank, rewrite }) =>
        (rank & 1) === 0 &&
        rewrite &&
        !(isPaused && isBlocking(rewrite)) &&
        !exceptions.some((each) => isSame(each.rewrite, rewrite)),
    );
    // A code takes precedence over records, and a CNAME over others.
    const chosen =
      kept.find(({ rewrite }) => rewrite!.type === 0) ?? kept.find(({ rewrite }) => rewrite!.type === CNAME) ?? kept[0];
    if (chosen === undefined) return false;
    const isAlone = chosen.rewrite!.type === 0 || chosen.rewrite!.type === CNAME;
    this.#note(chosen);
    this.rewrites = isAlone ? [chosen.rewrite!] : kept.map(({ rewrite }) => rewrite!);
    return true;
  }

  #note(rule: IndexedRule): void {
    this.lists = rule.list;
    this.labels = 0;
    this.flags = 0;
    this.rule = rule;
  }
}

const CNAME = 5;

function verdictOf(rank: number): Verdict {
  if (rank < 0) return Verdict.none;
  return (rank & 1) === 1 ? Verdict.allowed : Verdict.blocked;
}

/** Whether a rewrite leads nowhere: a code, or `0.0.0.0` and `::`. */
function isBlocking({ type, data }: Rewrite): boolean {
  return type === 0 || ((type === 1 || type === 28) && data.every((byte) => byte === 0));
}

function isSame(one: Rewrite | null | undefined, other: Rewrite): boolean {
  if (!one || one.rcode !== other.rcode || one.type !== other.type) return false;
  return Buffer.compare(one.data, other.data) === 0;
}
