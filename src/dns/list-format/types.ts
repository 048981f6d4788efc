/** Flags of an entry. Without any, it blocks exactly its name. */
export const SUBTREE = 1;
/** Allows what others block. */
export const ALLOW = 2;
/** `$important`: decides before entries without it. */
export const IMPORTANT = 4;
/** Number of combinations of the flags. */
export const FLAVOURS = 8;

/** A pattern that is a plain name, or one that needs a regular expression. */
export type RulePattern =
  | { readonly kind: "name"; readonly name: string; readonly isSubtree: boolean }
  | { readonly kind: "regex"; readonly source: string }
  | { readonly kind: "any" };

/** Values of `$dnstype`: the rule holds for `included` types, or for all but `excluded` ones. */
export interface TypeCondition {
  readonly included: readonly number[];
  readonly excluded: readonly number[];
}

/** Values of `$client`: addresses, networks and names, as they stand in the rule without quotes. */
export interface ClientCondition {
  readonly included: readonly string[];
  readonly excluded: readonly string[];
}

/** Value of `$dnsrewrite`: one record, or, with type 0, an answer without records. */
export interface Rewrite {
  readonly rcode: number;
  readonly type: number;
  /** Data of the record as on the wire. */
  readonly data: Uint8Array;
}

/** A rule that is more than a name: it has a pattern or conditions. */
export interface ConditionalRule {
  /** The line, without the blanks around it. */
  readonly text: string;
  /** Equal for rules that mean the same: what `$badfilter` compares. */
  readonly key: string;
  readonly pattern: RulePattern;
  readonly isAllow: boolean;
  readonly isImportant: boolean;
  readonly types?: TypeCondition;
  readonly clients?: ClientCondition;
  /** `$denyallow`: the rule does not hold for these names and what is below them. */
  readonly except?: readonly string[];
  /** `$dnsrewrite`; null in an exception without a value, which removes every rewrite. */
  readonly rewrite?: Rewrite | null;
}

/** Returns the key of an entry with a plain name, for `$badfilter`. */
export function nameKey(name: string, flags: number): string {
  return `${flags} ${name}`;
}

/** Receives what a list contains, in its order. */
export interface ListSink {
  /**
   * An entry: the name is bytes `[from, to)`, in any case, without a trailing dot. The bytes are borrowed. `position` is where the
   * list has them, -1 where it has the name in another form.
   */
  name(bytes: Uint8Array, from: number, to: number, flags: number, position: number): void;
  rule(rule: ConditionalRule, line: number): void;
  /** `$badfilter`: entries and rules with this key, in any list, are off. The key of an entry is `nameKey`. */
  disable(key: string): void;
}

export interface InvalidLine {
  readonly line: number;
  readonly reason: InvalidReason;
}

/** Counts of one list. */
export interface ListSummary {
  lines: number;
  /** Entries with a plain name. */
  names: number;
  /** Rules with a pattern or conditions. */
  rules: number;
  /** Lines for browsers: cosmetic rules, and modifiers that mean nothing to DNS. */
  skipped: number;
  invalid: number;
  /** The first lines that are invalid. */
  readonly firstInvalid: InvalidLine[];
}

/** Why a line is invalid. It never contains text of the list, which is not trusted. */
export type InvalidReason =
  | "not a name, a rule or a comment"
  | "expected an address before several names"
  | "a name has one label only"
  | "a label is empty or longer than 63 bytes"
  | "a name is longer than 253 bytes"
  | "an address, not a name"
  | "a name has a character that no host name has"
  | "the line is too long"
  | "it matches every name: expected a condition, or a longer pattern"
  | "unknown value of a modifier"
  | "unknown DNS type"
  | "unknown form of dnsrewrite"
  | "dnsrewrite is allowed in lists that are trusted"
  | "the regular expression has no end";
