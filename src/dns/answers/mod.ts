/** The cache: answers as they were received, indexed by question, in memory that threads share. */
export { type AgeOptions, AnswerReader } from "./answer-reader.ts";
export { decodeAnswers, encodeAnswers, isOfUse, type SnapshotAges } from "./answer-snapshot.ts";
export { AnswerWriter, type NewAnswer, type WriterOptions } from "./answer-writer.ts";
