/** Lists of names to block or allow: bytes of any usual format to entries and rules. */
export { CHUNK_BYTES, ListParser, type ListParserOptions, PARSER_BYTES } from "./list-parser.ts";
export {
  ALLOW,
  type ClientCondition,
  type ConditionalRule,
  FLAVOURS,
  IMPORTANT,
  type InvalidLine,
  type InvalidReason,
  type ListSink,
  type ListSummary,
  nameKey,
  type Rewrite,
  type RulePattern,
  SUBTREE,
  type TypeCondition,
} from "./types.ts";
