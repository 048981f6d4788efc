import { TenkError } from "../../base/mod.ts";

const CONTROL_CHARACTERS = /\p{Cc}/gu;

/**
 * Two lines for people: the text around a place in it, and a caret below that place.
 *
 * @example
 * pointAt("\\{conection.uid}", 2); // "  \\{conection.uid}\n    ^"
 */
export function pointAt(text: string, at: number): string {
  const from = Math.max(0, at - 40);
  const quoted = text.slice(from, at + 40).replace(CONTROL_CHARACTERS, "·");
  return `  ${quoted}\n${" ".repeat(2 + at - from)}^`;
}

/** Refuses a piece of text, quoting it with a caret. One way to say it for escapes, expressions and regexes. */
export function refuseText(what: string, text: string, at: number, problem: string, hint?: string): never {
  const message = `Cannot read ${what} at column ${at + 1}: ${problem}\n${pointAt(text, at)}`;
  throw new TenkError("usage", message, hint === undefined ? {} : { hint });
}

/** A text and how far it has been read; what the expression parser and the regex parser share. */
export class Scanner {
  readonly text: string;
  readonly #what: string;
  position: number;

  /** @param what names the text in errors: `the expression in -m`. */
  constructor(text: string, what: string, position = 0) {
    this.text = text;
    this.#what = what;
    this.position = position;
  }

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  /** The character (whole code point) at the position, or "" at the end. */
  get next(): string {
    const point = this.text.codePointAt(this.position);
    return point === undefined ? "" : String.fromCodePoint(point);
  }

  /** Passes `word` if it stands here. */
  take(word: string): boolean {
    if (!this.text.startsWith(word, this.position)) return false;
    this.position += word.length;
    return true;
  }

  /** Passes what a sticky pattern matches here and returns it. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.position += found.length;
    return found;
  }

  skipSpace(): void {
    this.match(/\s*/y);
  }

  /** What stands here, for "…, found X". */
  get found(): string {
    if (this.atEnd) return "the end of the text";
    return JSON.stringify(/[\w.]+/y.exec(this.text.slice(this.position))?.[0] ?? this.next);
  }

  fail(problem: string, options: { at?: number; hint?: string } = {}): never {
    return refuseText(this.#what, this.text, options.at ?? this.position, problem, options.hint);
  }
}
