import type { Verdict } from "../blocking/mod.ts";
import type { Rewrite } from "../list-format/mod.ts";
import type { Decided } from "../log/mod.ts";
import type { Asker } from "./asker.ts";

/** Decides what becomes of names. */
export interface Blocker {
  /**
   * Decides about a name in wire form: that of a query, or one that its answer leads to.
   *
   * @param type of the question
   */
  decide(bytes: Uint8Array, nameAt: number, type: number, asker: Asker): Verdict;
  /** Records or the code with which the last name is to be answered. Empty: a blocked one as `blockMode` says. */
  readonly rewrites: readonly Rewrite[];
  /** What made the last decision, for the query log. */
  readonly decided?: Decided;
}
