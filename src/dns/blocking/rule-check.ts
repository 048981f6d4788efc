import { type ConditionalRule, ListParser, PARSER_BYTES } from "../list-format/mod.ts";
import { RegexError, RegexSet } from "../regex/mod.ts";

const encoder = new TextEncoder();

/** Judges lines of adblock syntax as the block lists will. */
export class RuleCheck {
  readonly #buffer = new Uint8Array(new ArrayBuffer(PARSER_BYTES));

  /** Returns why a line is no rule that tenk can apply; undefined where it is one. */
  problemOf(line: string): string | undefined {
    if (/[\r\n]/.test(line)) return "it has several lines";
    const rules: ConditionalRule[] = [];
    const ignore = () => undefined;
    const sink = { name: ignore, rule: (rule: ConditionalRule) => void rules.push(rule), disable: ignore };
    const parser = new ListParser(sink, { isTrusted: true, buffer: this.#buffer });
    const { written, read } = encoder.encodeInto(line, parser.free());
    if (read < line.length) return "the line is too long";
    parser.take(written);
    const { invalid, skipped, firstInvalid } = parser.end();
    if (invalid > 0) return firstInvalid[0]?.reason ?? "it is invalid";
    if (skipped > 0) return "it is for browsers, or has a modifier that DNS cannot apply";
    return rules.map(regexProblem).find((problem) => problem !== undefined);
  }
}

function regexProblem({ pattern }: ConditionalRule): string | undefined {
  if (pattern.kind !== "regex") return undefined;
  try {
    return new RegexSet().add(pattern.source, 0) ? undefined : "it matches every name";
  } catch (error) {
    if (error instanceof RegexError) return `its regular expression is refused: ${error.message}`;
    throw error;
  }
}
