import type { Rewrite } from "../list-format/mod.ts";
import { type PageReader, type PlacedRule, reversedHash, reversedName, SEPARATOR } from "../pages/mod.ts";
import { RegexError, RegexSet, type RegexSetOptions } from "../regex/mod.ts";
import { type BlockClient, type Condition, conditionOf } from "./conditions.ts";

/** A rule, compiled for one thread. */
export interface IndexedRule {
  readonly placed: PlacedRule;
  /** 0 blocks, 1 allows, 2 and 3 the same with `$important`. */
  readonly rank: number;
  /** The rule's list, as a mask. */
  readonly list: number;
  readonly condition: Condition | undefined;
  /** `$denyallow`: names with their letters in reverse. */
  readonly except: readonly Uint8Array[];
  readonly rewrite: Rewrite | null | undefined;
}

/** A rule that is left out. The reason contains no text of the list. */
export interface RefusedRule {
  readonly placed: PlacedRule;
  readonly reason: string;
}

/** Refused rules that are kept to be shown. */
const KEPT_REFUSED = 20;
const TOO_WIDE = "it matches every name: expected a condition, or a longer pattern";
/** Names without anything in common. A pattern that matches all of them, such as `*.` or `/[a-z]/`, matches every name. */
const UNLIKE_NAMES = ["qx.zj-7w", "k0ubbe.vy", "hm_4.pfd.gn"].map((name) => new TextEncoder().encode(name));

/** Index of the rules that are more than names, by the questions they concern. Each thread has its own. */
export class RuleIndex {
  /** Number of rules. */
  readonly size: number;
  /** A rule has `$client`: it must be known who asks. */
  readonly hasClientRules: boolean;
  /** The first rules that were left out; beyond them only the number is kept. */
  readonly refused: RefusedRule[] = [];
  refusedCount = 0;

  readonly #byHash = new Map<
    number,
    { readonly rule: IndexedRule; readonly name: Uint8Array; readonly isSubtree: boolean }[]
  >();
  readonly #always: IndexedRule[] = [];
  /** By number of the expression; undefined = too wide. */
  readonly #byRegex: (IndexedRule | undefined)[] = [];
  readonly #regexes: RegexSet;
  readonly #found: IndexedRule[] = [];

  /** `seed` is that of the pages. */
  constructor(rules: readonly PlacedRule[], seed: number, options: RegexSetOptions = {}) {
    this.#regexes = new RegexSet(options);
    for (const placed of rules) this.#add(placed, seed);
    if (this.#byRegex.length > 0) this.#refuseTooWide();
    this.size = rules.length - this.refusedCount;
    this.hasClientRules = rules.some(({ rule }) => rule.clients !== undefined);
  }

  /** Names whose regular expressions took more work than is allowed. */
  get overruns(): number {
    return this.#regexes.overruns;
  }

  #add(placed: PlacedRule, seed: number): void {
    const { rule } = placed;
    const { pattern } = rule;
    const indexed: IndexedRule = {
      placed,
      rank: (rule.isAllow ? 1 : 0) | (rule.isImportant ? 2 : 0),
      list: 1 << placed.list,
      condition: conditionOf(rule),
      except: (rule.except ?? []).map(reversedName),
      rewrite: rule.rewrite,
    };
    if (pattern.kind === "any") this.#always.push(indexed);
    else if (pattern.kind === "regex") this.#addRegex(indexed, pattern.source);
    else {
      const name = reversedName(pattern.name);
      const hash = reversedHash(name, 0, name.length, seed);
      const others = this.#byHash.get(hash) ?? [];
      this.#byHash.set(hash, [...others, { rule: indexed, name, isSubtree: pattern.isSubtree }]);
    }
  }

  #addRegex(indexed: IndexedRule, source: string): void {
    try {
      if (this.#regexes.add(source, this.#byRegex.length)) this.#byRegex.push(indexed);
      else if (isConditional(indexed)) this.#always.push(indexed);
      else this.#refuse(indexed.placed, TOO_WIDE);
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      this.#refuse(indexed.placed, error.message);
    }
  }

  /** One line of a list must not block all names, or allow them. */
  #refuseTooWide(): void {
    const matches = new Uint8Array(this.#byRegex.length);
    const regexes = this.#regexes;
    for (const name of UNLIKE_NAMES) {
      regexes.begin();
      for (const byte of name) regexes.step(byte);
      for (const expression of regexes.matched.subarray(0, regexes.end())) matches[expression]! += 1;
    }
    for (const [expression, rule] of this.#byRegex.entries()) {
      if (rule === undefined || matches[expression] !== UNLIKE_NAMES.length || isConditional(rule)) continue;
      this.#byRegex[expression] = undefined;
      this.#refuse(rule.placed, TOO_WIDE);
    }
  }

  #refuse(placed: PlacedRule, reason: string): void {
    this.refusedCount += 1;
    if (this.refused.length < KEPT_REFUSED) this.refused.push({ placed, reason });
  }

  /**
   * Returns the rules that apply to the question that `reader` read last. The array is used again by the next call.
   *
   * @param lists mask of the lists that count
   */
  find(reader: PageReader, lists: number, type: number, client: BlockClient | undefined): readonly IndexedRule[] {
    const found = this.#found;
    found.length = 0;
    const consider = (rule: IndexedRule) => {
      if ((rule.list & lists) === 0 || rule.condition?.(type, client) === false) return;
      if (!rule.except.some((name) => isAtOrBelow(reader, name))) found.push(rule);
    };
    for (const rule of this.#always) consider(rule);
    if (this.#byHash.size > 0) this.#findByName(reader, consider);
    if (this.#byRegex.length > 0) this.#findByRegex(reader, consider);
    return found;
  }

  #findByName(reader: PageReader, consider: (rule: IndexedRule) => void): void {
    for (let label = 0; label < reader.labelCount; label++) {
      const candidates = this.#byHash.get(reader.hashes[label]!);
      if (candidates === undefined) continue;
      for (const { rule, name, isSubtree } of candidates) {
        const isWhole = reader.ends[label] === name.length && startsWith(reader.key, name);
        if (isWhole && (label === 0 || isSubtree)) consider(rule);
      }
    }
  }

  /** Runs the regular expressions over the name from its start, which is the end of the reversed key. */
  #findByRegex(reader: PageReader, consider: (rule: IndexedRule) => void): void {
    const regexes = this.#regexes;
    regexes.begin();
    for (let at = reader.length - 1; at >= 0; at--) regexes.step(reader.key[at]!);
    const count = regexes.end();
    for (let index = 0; index < count; index++) {
      const rule = this.#byRegex[regexes.matched[index]!];
      if (rule !== undefined) consider(rule);
    }
  }
}

function isConditional({ condition, except, rewrite }: IndexedRule): boolean {
  return condition !== undefined || except.length > 0 || rewrite !== undefined;
}

function isAtOrBelow({ key, length }: PageReader, name: Uint8Array): boolean {
  return startsWith(key, name) && (length === name.length || (length > name.length && key[name.length] === SEPARATOR));
}

function startsWith(key: Uint8Array, name: Uint8Array): boolean {
  for (let at = 0; at < name.length; at++) if (key[at] !== name[at]) return false;
  return true;
}
