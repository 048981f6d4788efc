import { readFileSync } from "node:fs";
import { fileProblemOf, parseDuration, TenkError } from "../base/mod.ts";
import { parseExpectation } from "../load/mod.ts";
import { oneOf } from "./options.ts";

/** Reads a file that an option names. */
export function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot read ${path}: ${fileProblemOf(error)}`, { cause: error });
  }
}

/** Returns a parser that refuses 0. */
export function positive(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    const value = parse(text);
    if (value > 0) return value;
    throw new TenkError("usage", `Cannot use "${text}": it must be more than 0`);
  };
}

/** Parses a duration; a number alone is seconds, as in tcpkali and wrk. */
export function seconds(text: string): number {
  return parseDuration(/^\s*[\d.]+\s*$/.test(text) ? `${text.trim()}s` : text);
}

/** Checks an expectation, so that an error names its option; the plan takes the text as it was written. */
export function expectation(text: string): string {
  parseExpectation(text);
  return text;
}

/** Parses a list of percentiles. */
export function percentiles(text: string): number[] {
  const values = text.split(/[,/]/).map(Number);
  if (values.every((value) => value >= 0 && value <= 100)) return values;
  throw new TenkError("usage", `Cannot read "${text}": expected numbers from 0 to 100 such as 95,99,99.5`);
}

/** Parses the level of `--verbose`. */
export function verbosity(text: string): number {
  return Number(oneOf("0", "1", "2", "3")(text));
}

/** Parses a field of HTTP: `Name: value`. */
export function header(line: string): readonly [name: string, value: string] {
  const [, name, value] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new TenkError("usage", `Cannot read "${line}": expected "Name: value"`);
}
