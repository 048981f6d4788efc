/** Whether a question is blocked, and by which list and rule. */
export { BlockLists, type BlockListsOptions, type BuiltLists, type ListsSnapshot } from "./block-lists.ts";
export type { BlockClient } from "./conditions.ts";
export { BlockDecision, Verdict } from "./decision.ts";
export { type DecidingLine, type Decision, explain } from "./explain.ts";
export { RuleCheck } from "./rule-check.ts";
export { type IndexedRule, type RefusedRule, RuleIndex } from "./rule-index.ts";
