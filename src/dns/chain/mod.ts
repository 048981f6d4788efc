/** Answers queries from memory. */
export type { Asker } from "./asker.ts";
export type { BlockAddresses, BlockAnswerOptions, BlockMode } from "./block-answers.ts";
export type { Blocker } from "./blocker.ts";
export { Chain, type ChainParts, type Guard, NO_ANSWER } from "./chain.ts";
export { CHAIN_COUNTS, ChainCount, MALFORMED, RCODES, REFUSAL_REASONS, type RefusalReason } from "./counts.ts";
export { MISS, maxAnswerBytes, StoredAnswers, variantOf } from "./stored-answers.ts";
