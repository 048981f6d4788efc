/** Answers as they were received, found by their question, in memory that threads share. */
export { type AgeOptions, AnswerReader } from "./answer-reader.ts";
export { AnswerWriter, type NewAnswer, type WriterOptions } from "./answer-writer.ts";
