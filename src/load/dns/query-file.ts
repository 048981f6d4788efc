import { TenkError } from "../../base/mod.ts";
import { nameProblem, parseName, parseType } from "../../wire/dns/mod.ts";

/** Stands for text that differs in each query, so that no cache has its answer. */
const UNIQUE = "\\{n}";
/** Digits that are written in its place. */
export const UNIQUE_DIGITS = 10;
/** What they are parsed as: no length of a label is so large, and no name of a file has so many of these bytes in a row. */
const MARK = 255;
const MARKS = "\\255".repeat(UNIQUE_DIGITS);

/** One question of a file. */
export interface ParsedQuery {
  /** Name, type and class as they are on the wire. */
  readonly question: Uint8Array;
  /** Where its unique digits begin; -1 where it has none. */
  readonly uniqueAt: number;
}

/**
 * Parses the lines of a file in dnsperf's format: a name and a type, with blanks between. Empty lines and those that begin with `;` are
 * skipped. `\{n}` in a name becomes ten digits and letters that no other query of the run has.
 *
 * @param file for errors
 * @throws {TenkError} `usage`, with the line
 */
export function parseQueryFile(text: string, file: string): ParsedQuery[] {
  const queries: ParsedQuery[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.trim();
    if (words === "" || words.startsWith(";")) continue;
    queries.push(parseLine(words, `${file}:${index + 1}`));
  }
  if (queries.length > 0) return queries;
  throw new TenkError("usage", `${file} has no query: expected lines such as "example.org A"`);
}

function parseLine(line: string, where: string): ParsedQuery {
  const [name = "", typeText, ...more] = line.split(/\s+/);
  const example = { hint: 'for example "www.example.org AAAA"' };
  if (typeText === undefined || more.length > 0)
    throw new TenkError("usage", `${where}: expected a name and a type, found "${line.slice(0, 80)}"`, example);
  const type = parseType(typeText);
  if (type === undefined) throw new TenkError("usage", `${where}: unknown type "${typeText}"`, example);
  const isUnique = name.includes(UNIQUE);
  const plain = name.replace(UNIQUE, MARKS);
  const wire = parseName(plain);
  if (wire === undefined) throw new TenkError("usage", `${where}: the name ${nameProblem(plain)}`, example);
  const question = new Uint8Array(wire.length + 4);
  question.set(wire);
  question.set([type >> 8, type & 0xff, 0, 1], wire.length);
  return { question, uniqueAt: isUnique ? marksIn(wire) : -1 };
}

function marksIn(wire: Uint8Array): number {
  for (let at = 0, run = 0; at < wire.length; at++) {
    run = wire[at] === MARK ? run + 1 : 0;
    if (run === UNIQUE_DIGITS) return at + 1 - UNIQUE_DIGITS;
  }
  return -1;
}
