import { addAll, addRange, addSymbol, emptySet, inverse, type SymbolSet } from "./symbol-set.ts";

/** A regular expression as a tree. */
export type RegexNode =
  | { readonly kind: "set"; readonly set: SymbolSet }
  | { readonly kind: "sequence"; readonly parts: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly parts: readonly RegexNode[] }
  | { readonly kind: "repeat"; readonly part: RegexNode; readonly min: number; readonly max: number }
  | { readonly kind: "start" }
  | { readonly kind: "end" };

/** Thrown for an expression that is wrong, or that needs backtracking. The message says why, without the expression. */
export class RegexError extends Error {
  override readonly name = "RegexError";
}

const MAX_DEPTH = 50;
const MAX_COUNT = 255;

const CLASSES: Readonly<Record<string, string>> = {
  ...{ alpha: "a-z", digit: "0-9", alnum: "a-z0-9", lower: "a-z", upper: "a-z", xdigit: "0-9a-f", word: "a-z0-9_" },
  ...{ punct: "!-/:-@[-`{-~", space: "\t-\r ", blank: "\t ", graph: "!-~", print: " -~", cntrl: "\0-\x1f" },
};
const [DIGITS, WORDS, SPACES] = [rangesOf("0-9"), rangesOf("a-z0-9_"), rangesOf("\t-\r ")];
const ESCAPES: Readonly<Record<string, SymbolSet>> = {
  ...{ d: DIGITS, w: WORDS, s: SPACES, D: inverse(DIGITS), W: inverse(WORDS), S: inverse(SPACES) },
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

function rangesOf(text: string): SymbolSet {
  const set = emptySet();
  for (let at = 0; at < text.length; at++) {
    const isRange = text[at + 1] === "-" && at + 2 < text.length;
    addRange(set, text.charCodeAt(at), text.charCodeAt(isRange ? at + 2 : at));
    if (isRange) at += 2;
  }
  return set;
}

/**
 * Parses what RE2, POSIX and JavaScript have in common: literals, classes, groups, choices, counted repeats, `^` and `$`.
 * Whether a repeat is lazy makes no difference to whether a name matches. What needs backtracking is refused.
 *
 * @throws {RegexError}
 */
export function parseRegex(source: string): RegexNode {
  const parser = new RegexParser(source);
  return parser.parse();
}

class RegexParser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): RegexNode {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw new RegexError("a closing bracket has no opening one");
    return node;
  }

  #choice(): RegexNode {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new RegexError(`groups are nested more than ${MAX_DEPTH} deep`);
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    this.#depth -= 1;
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at]!)) parts.push(this.#repeat());
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  }

  #repeat(): RegexNode {
    const isAnchor = "^$".includes(this.#source[this.#at]!);
    let node = this.#atom();
    for (;;) {
      const counts = this.#counts();
      if (counts === undefined) return node;
      if (isAnchor) throw new RegexError("a repeat follows nothing");
      if (this.#take("+")) throw new RegexError("possessive repeats need backtracking");
      this.#take("?");
      node = { kind: "repeat", part: node, ...counts };
    }
  }

  #counts(): { min: number; max: number } | undefined {
    if (this.#take("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take("?")) return { min: 0, max: 1 };
    const [whole, from, comma, to] = /^\{(\d+)(,?)(\d*)\}/.exec(this.#source.slice(this.#at, this.#at + 16)) ?? [];
    if (whole === undefined) return undefined;
    this.#at += whole.length;
    const min = Number(from);
    const max = comma === "" ? min : to === "" ? Number.POSITIVE_INFINITY : Number(to);
    if (min > MAX_COUNT || (max !== Number.POSITIVE_INFINITY && (max > MAX_COUNT || max < min))) {
      throw new RegexError(`a repeat is out of range: expected up to ${MAX_COUNT}`);
    }
    return { min, max };
  }

  #atom(): RegexNode {
    const char = this.#next();
    if (char === "(") return this.#group();
    if (char === "[") return { kind: "set", set: this.#class() };
    if (char === "^") return { kind: "start" };
    if (char === "$") return { kind: "end" };
    if (char === ".") return { kind: "set", set: inverse(emptySet()) };
    if (char === "\\") return { kind: "set", set: this.#escape() };
    if ("*+?".includes(char)) throw new RegexError("a repeat follows nothing");
    return { kind: "set", set: single(char) };
  }

  #group(): RegexNode {
    if (this.#take("?")) {
      const isNamed = /^P?<[A-Za-z_]\w*>/.exec(this.#source.slice(this.#at, this.#at + 64));
      if (isNamed) this.#at += isNamed[0].length;
      else if (this.#source.startsWith("i:", this.#at)) this.#at += 2;
      else if (!this.#take(":")) throw new RegexError("looking ahead or behind needs backtracking");
    }
    const node = this.#choice();
    if (!this.#take(")")) throw new RegexError("a group is not closed");
    return node;
  }

  #escape(): SymbolSet {
    const char = this.#next();
    const known = Object.hasOwn(ESCAPES, char) ? ESCAPES[char] : undefined;
    if (known !== undefined) return known;
    if (Object.hasOwn(CONTROLS, char)) return single(String.fromCharCode(CONTROLS[char]!));
    if (char === "x") {
      const [digits] = /^[0-9a-fA-F]{2}/.exec(this.#source.slice(this.#at, this.#at + 2)) ?? [];
      if (digits === undefined) throw new RegexError("an escape is not known");
      this.#at += 2;
      return single(String.fromCharCode(Number.parseInt(digits, 16)));
    }
    if (/[1-9k]/.test(char)) throw new RegexError("references to groups need backtracking");
    if (/[A-Za-z0]/.test(char)) throw new RegexError("an escape is not known");
    return single(char);
  }

  #class(): SymbolSet {
    const set = emptySet();
    const isInverse = this.#take("^");
    let isFirst = true;
    while (isFirst || this.#source[this.#at] !== "]") {
      isFirst = false;
      const posix = /^\[:(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 16));
      if (posix) {
        const ranges = CLASSES[posix[1]!];
        if (ranges === undefined) throw new RegexError("a class is not known");
        addAll(set, rangesOf(ranges));
        this.#at += posix[0].length;
      } else this.#member(set);
    }
    this.#at += 1;
    return isInverse ? inverse(set) : set;
  }

  /** Adds a letter of a class, an escape, or a range. */
  #member(set: SymbolSet): void {
    const from = this.#next();
    const first = from === "\\" ? this.#escape() : single(from);
    if (this.#source[this.#at] !== "-" || this.#source[this.#at + 1] === "]" || this.#at + 1 >= this.#source.length) {
      addAll(set, first);
      return;
    }
    this.#at += 1;
    const to = this.#next();
    const last = to === "\\" ? this.#escape() : single(to);
    const [low, high] = [onlySymbol(first), onlySymbol(last)];
    if (low === undefined || high === undefined || low > high)
      throw new RegexError("a range of a class is out of order");
    // `single` made capitals small; a range is of what stands there.
    addRange(set, from === "\\" ? low : from.charCodeAt(0), to === "\\" ? high : to.charCodeAt(0));
  }

  #next(): string {
    const char = this.#source[this.#at];
    if (char === undefined) throw new RegexError("it ends too early");
    this.#at += 1;
    return char;
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }
}

function single(char: string): SymbolSet {
  const set = emptySet();
  const code = char.charCodeAt(0);
  if (code > 0x7f) throw new RegexError("it has characters that no host name has: expected the xn-- form");
  addSymbol(set, code >= 0x41 && code <= 0x5a ? code | 0x20 : code);
  return set;
}

function onlySymbol(set: SymbolSet): number | undefined {
  const symbols = [];
  for (let symbol = 0; symbol < 256; symbol++)
    if (((set[symbol >> 5]! >>> (symbol & 31)) & 1) === 1) symbols.push(symbol);
  return symbols.length === 1 ? symbols[0] : undefined;
}
