import {
  characterAt,
  DIGITS,
  normalize,
  PRINTABLE,
  type Ranges,
  SPACE,
  sizeOf,
  subtract,
  utf8Length,
  WORD,
} from "./characters.ts";
import type { Scanner } from "./scanner.ts";

/** What a regex says, with how long its text can get. `effort` bounds bytes and steps: no node counts less than 1. */
export type RegexNode = (
  | { readonly kind: "set"; readonly ranges: Ranges; readonly size: number }
  | { readonly kind: "sequence" | "choice"; readonly items: readonly RegexNode[] }
  | { readonly kind: "repeat"; readonly item: RegexNode; readonly least: number; readonly most: number }
) & { readonly minBytes: number; readonly maxBytes: number; readonly effort: number };

export interface RegexOptions {
  /** How often `*`, `+` and `{m,}` repeat at most (where m is less); 16 is tcpkali's. @default {16} */
  maxRepeats?: number;
  /** Longer texts, in bytes, are refused when the regex is read. @default {65536} */
  maxBytes?: number;
}

/** Groups in groups; what is deeper is a mistake or an attack on the stack. */
const MAX_DEPTH = 64;
const CONTROLS: Readonly<Record<string, number>> = { f: 12, n: 10, r: 13, t: 9, v: 11 };
const CLASSES: Readonly<Record<string, Ranges>> = { d: DIGITS, w: WORD, s: SPACE };
const REFUSED: Readonly<Record<string, string>> = {
  b: "a word boundary \\b",
  B: "a word boundary \\B",
  c: "a control escape \\c",
  k: "a back reference \\k",
  p: "a Unicode property \\p",
  P: "a Unicode property \\P",
};

/**
 * Reads a regex from where the scanner stands up to the end of the text, or up to a `}` that belongs to no repetition, and
 * leaves the scanner there: that brace ends an expression. Inside one, spaces before it are not part of the regex.
 *
 * @throws {TenkError} `usage`, with the place
 */
export function parseRegex(scanner: Scanner, options: RegexOptions = {}, inExpression = false): RegexNode {
  const { maxRepeats = 16, maxBytes = 65_536 } = options;
  const start = scanner.position;
  const node = new RegexParser(scanner, maxRepeats, inExpression).alternatives(0);
  if (!scanner.atEnd && scanner.next !== "}") scanner.fail('a ")" closes no group', { hint: "write \\) for itself" });
  if (scanner.position === start)
    scanner.fail(`expected a regex, found ${scanner.found}`, { hint: "such as [a-z0-9]+" });
  if (node.effort > maxBytes) {
    scanner.fail(`the regex could make ${node.effort} bytes, at most ${maxBytes} are allowed`, { at: start });
  }
  return node;
}

function setOf(ranges: Ranges): RegexNode {
  const lengths = [utf8Length(characterAt(ranges, 0)), utf8Length(ranges.at(-1)![1])] as const;
  return { kind: "set", ranges, size: sizeOf(ranges), minBytes: lengths[0], maxBytes: lengths[1], effort: lengths[1] };
}

function sequenceOf(items: readonly RegexNode[]): RegexNode {
  const sum = (of: (item: RegexNode) => number) => items.reduce((total, item) => total + of(item), 0);
  return {
    kind: "sequence",
    items,
    minBytes: sum((item) => item.minBytes),
    maxBytes: sum((item) => item.maxBytes),
    effort: Math.max(
      1,
      sum((item) => item.effort),
    ),
  };
}

function choiceOf(items: readonly RegexNode[]): RegexNode {
  if (items.length === 1) return items[0]!;
  return {
    kind: "choice",
    items,
    minBytes: Math.min(...items.map((item) => item.minBytes)),
    maxBytes: Math.max(...items.map((item) => item.maxBytes)),
    effort: Math.max(...items.map((item) => item.effort)),
  };
}

function repeatOf(item: RegexNode, least: number, most: number): RegexNode {
  return {
    kind: "repeat",
    item,
    least,
    most,
    minBytes: item.minBytes * least,
    maxBytes: item.maxBytes * most,
    effort: Math.max(1, item.effort * most),
  };
}

class RegexParser {
  readonly #scanner: Scanner;
  readonly #maxRepeats: number;
  readonly #inExpression: boolean;

  constructor(scanner: Scanner, maxRepeats: number, inExpression: boolean) {
    this.#scanner = scanner;
    this.#maxRepeats = maxRepeats;
    this.#inExpression = inExpression;
  }

  alternatives(depth: number): RegexNode {
    if (depth > MAX_DEPTH) this.#scanner.fail(`groups are nested deeper than ${MAX_DEPTH}`);
    const branches = [this.#sequence(depth)];
    while (this.#scanner.take("|")) branches.push(this.#sequence(depth));
    return choiceOf(branches);
  }

  #sequence(depth: number): RegexNode {
    const scanner = this.#scanner;
    const items: RegexNode[] = [];
    while (!scanner.atEnd && !"|)}".includes(scanner.next)) {
      // Before the end of an expression spaces are for the eye only: \{re [a-z]+ }
      if (this.#inExpression && depth === 0 && scanner.match(/\s+(?=\})/y) !== undefined) break;
      items.push(this.#repeated(this.#piece(depth)));
    }
    return items.length === 1 ? items[0]! : sequenceOf(items);
  }

  #repeated(item: RegexNode): RegexNode {
    const scanner = this.#scanner;
    const start = scanner.position;
    const counted = scanner.match(/\{\d+(?:,\d*)?\}/y);
    const sign = counted === undefined ? scanner.match(/[?*+]/y) : undefined;
    if (counted === undefined && sign === undefined) return item;
    const again = scanner.position;
    if (scanner.match(/[?*+]|\{\d/y) !== undefined) {
      scanner.fail("a repetition cannot be repeated", { at: again, hint: "put the first in a group" });
    }
    if (sign === "?") return repeatOf(item, 0, 1);
    if (sign !== undefined) return repeatOf(item, sign === "+" ? 1 : 0, Math.max(1, this.#maxRepeats));
    const [least = 0, most = least] = counted!
      .slice(1, -1)
      .split(",")
      .map((count) => (count === "" ? undefined : Number(count)));
    const upTo = counted!.endsWith(",}") ? Math.max(least, this.#maxRepeats) : most;
    if (upTo < least) scanner.fail(`${counted} counts down, expected the smaller number first`, { at: start });
    return repeatOf(item, least, upTo);
  }

  #piece(depth: number): RegexNode {
    const scanner = this.#scanner;
    const start = scanner.position;
    const character = scanner.next;
    if ("?*+{".includes(character)) {
      const expected = character === "{" ? "something to repeat and a count such as {1,5}" : "something to repeat";
      scanner.fail(`expected ${expected} where "${character}" stands`, { hint: `write \\${character} for itself` });
    }
    if ("^$".includes(character)) {
      scanner.fail(`"${character}" matches a place and makes no text`, { hint: `write \\${character} for itself` });
    }
    scanner.position += character.length;
    if (character === ".") return setOf(PRINTABLE);
    if (character === "\\") return setOf(normalize(this.#escape(false)));
    if (character === "[") return this.#class(start);
    if (character === "(") return this.#group(start, depth);
    const point = character.codePointAt(0)!;
    return setOf([[point, point]]);
  }

  #group(start: number, depth: number): RegexNode {
    const scanner = this.#scanner;
    if (!scanner.take("?:") && scanner.next === "?") {
      scanner.fail("expected a plain group; look-around and named groups make no text", { hint: "write (…) or (?:…)" });
    }
    const node = this.alternatives(depth + 1);
    if (!scanner.take(")"))
      scanner.fail(`the group is not closed: expected ")", found ${scanner.found}`, { at: start });
    return node;
  }

  #class(start: number): RegexNode {
    const scanner = this.#scanner;
    const negated = scanner.take("^");
    const ranges: (readonly [number, number])[] = [];
    while (!scanner.take("]")) {
      if (scanner.atEnd) scanner.fail('the character class is not closed: expected "]"', { at: start });
      this.#classItem(ranges);
    }
    const set = negated ? subtract(PRINTABLE, normalize(ranges)) : normalize(ranges);
    if (set.length > 0) return setOf(set);
    const problem = negated ? "the class leaves no printable ASCII character" : "the class holds no character";
    return scanner.fail(problem, { at: start, hint: "write \\] for a bracket" });
  }

  #classItem(ranges: (readonly [number, number])[]): void {
    const scanner = this.#scanner;
    const start = scanner.position;
    const from = this.#classAtom();
    if (scanner.match(/-(?!\])/y) === undefined) {
      ranges.push(...from);
      return;
    }
    const to = this.#classAtom();
    const [low, high] = [from[0]![0], to[0]![0]];
    // As in JavaScript: a "-" beside a whole set (\d-x) is a hyphen.
    if (sizeOf(from) > 1 || sizeOf(to) > 1) ranges.push(...from, [0x2d, 0x2d], ...to);
    else if (low <= high) ranges.push([low, high]);
    else scanner.fail("the range counts down, expected the smaller character first", { at: start });
  }

  #classAtom(): Ranges {
    const scanner = this.#scanner;
    const character = scanner.next;
    if (character === "") return scanner.fail('the character class is not closed: expected "]"');
    scanner.position += character.length;
    if (character === "\\") return this.#escape(true);
    const point = character.codePointAt(0)!;
    return [[point, point]];
  }

  /** What an escape stands for; the backslash has been passed. */
  #escape(inClass: boolean): Ranges {
    const scanner = this.#scanner;
    const start = scanner.position - 1;
    const character = scanner.next;
    if (character === "") return scanner.fail("a backslash at the end escapes nothing", { at: start });
    if (scanner.match(/0(?=\d)/y))
      scanner.fail("\\0 before a digit is octal to some readers", { at: start, hint: "write \\x07" });
    const hexadecimal = scanner.match(/x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}/y);
    scanner.position += hexadecimal === undefined ? character.length : 0;
    const set = CLASSES[character.toLowerCase()];
    if (set !== undefined) return character === character.toLowerCase() ? set : subtract(PRINTABLE, set);
    const point = hexadecimal === undefined ? pointOf(character, inClass) : Number.parseInt(hexadecimal.slice(1), 16);
    if (point !== undefined && sizeOf(normalize([[point, point]])) === 1) return [[point, point]];
    const problem = REFUSED[character] ?? (/\d/.test(character) ? `a back reference \\${character}` : undefined);
    if (problem !== undefined) return scanner.fail(`${problem} makes no text of its own`, { at: start });
    return scanner.fail(
      `unknown escape \\${character}, expected \\d \\w \\s \\D \\W \\S \\n \\r \\t \\f \\v \\0 \\xHH \\uHHHH`,
      {
        at: start,
      },
    );
  }
}

function pointOf(character: string, inClass: boolean): number | undefined {
  if (character === "0") return 0;
  if (character === "b" && inClass) return 8;
  return CONTROLS[character] ?? (/[A-Za-z0-9]/.test(character) ? undefined : character.codePointAt(0));
}
