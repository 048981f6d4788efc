/** One word of a Caddyfile. */
export interface Token {
  readonly text: string;
  readonly file: string;
  readonly line: number;
  /** First on its line: it begins a directive. */
  readonly startsLine: boolean;
  /** Written in quotes, backticks or as a heredoc: never a brace. */
  readonly isQuoted: boolean;
}

/** Where something was written, and what about it could not be carried over. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A heredoc's marker, as Caddy accepts it. */
const MARKER = /^[A-Za-z0-9_-]+$/;

/** What the character before was part of. */
type State = "gap" | "comment" | "word" | "quotes" | "backticks";

/**
 * Cuts a Caddyfile into words, by Caddy's rules: words end at white space; `"…"` knows `\"` alone; backticks know nothing; `#` begins
 * a comment only at the begin of a word; a backslash at the end of a line continues it; `<<END` begins a heredoc.
 *
 * @param report gets what is not closed; never throws
 */
export function tokenize(text: string, file: string, report: (problem: Problem) => void): Token[] {
  const tokens: Token[] = [];
  let state: State = "gap";
  let word = "";
  let line = 1;
  let wordLine = 1;
  /** No token on this line yet; a continued line goes on. */
  let isFresh = true;
  const push = (isQuoted: boolean) => {
    tokens.push({ text: word, file, line: wordLine, startsLine: isFresh, isQuoted });
    isFresh = false;
    word = "";
    state = "gap";
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    const next = text[at + 1];
    if (char === "\r" && next === "\n" && state !== "quotes" && state !== "backticks") continue;
    if (char === "\n") {
      if (state === "word") push(false);
      if (state === "gap" || state === "comment") {
        state = "gap";
        isFresh = true;
      }
      line += 1;
    }
    switch (state) {
      case "comment":
        break;
      case "quotes":
        if (char === "\\" && next !== undefined) {
          word += next === '"' ? next : char + next;
          if (next === "\n") line += 1;
          at += 1;
        } else if (char === '"') push(true);
        else word += char;
        break;
      case "backticks":
        if (char === "`") push(true);
        else word += char;
        break;
      default: {
        const continued = char === "\\" ? /^\\\r?\n/.exec(text.slice(at, at + 3))?.[0].length : undefined;
        if (continued !== undefined) {
          if (state === "word") push(false);
          at += continued - 1;
          line += 1;
          break;
        }
        if (/\s/.test(char)) {
          if (state === "word") push(false);
          break;
        }
        if (state === "gap") {
          wordLine = line;
          if (char === "#") state = "comment";
          else if (char === '"') state = "quotes";
          else if (char === "`") state = "backticks";
          else {
            const heredoc = heredocAt(text, at);
            if (heredoc !== undefined) {
              word = heredoc.text;
              at = heredoc.end - 1;
              line += heredoc.lines;
              push(true);
            } else {
              state = "word";
              // `\<<` is no heredoc.
              word = char === "\\" && next === "<" ? "" : char;
            }
          }
          break;
        }
        word += char;
      }
    }
  }
  if (state === "quotes" || state === "backticks") report({ file, line: wordLine, text: "a quote is not closed" });
  if (state === "word" || word !== "") push(state !== "word");
  return tokens;
}

/** Reads `<<MARKER`, its lines, and `MARKER`, whose indentation is taken from every line. */
function heredocAt(text: string, at: number): { text: string; end: number; lines: number } | undefined {
  if (!text.startsWith("<<", at)) return undefined;
  const lineEnd = text.indexOf("\n", at);
  if (lineEnd < 0) return undefined;
  const marker = text.slice(at + 2, lineEnd).replace(/\r$/, "");
  if (!MARKER.test(marker)) return undefined;
  const found = text.indexOf(marker, lineEnd);
  if (found < 0) return undefined;
  const body = text.slice(lineEnd + 1, found);
  const lastLine = body.lastIndexOf("\n") + 1;
  const indent = body.slice(lastLine);
  const lines = body
    .slice(0, Math.max(0, lastLine - 1))
    .replaceAll("\r", "")
    .split("\n");
  const unindented = lines.map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each));
  return {
    text: lastLine === 0 ? "" : unindented.join("\n"),
    end: found + marker.length,
    lines: text.slice(at, found).split("\n").length - 1,
  };
}

const ENV = /\{\$([^{}:\s]+)(?::([^{}]*))?\}/g;

/**
 * Replaces `{$NAME}` and `{$NAME:default}` before words are cut, as Caddy does.
 *
 * @param env the environment
 */
export function withEnvironment(
  text: string,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  report: (problem: Problem) => void,
): string {
  return text.replace(ENV, (_, name: string, byDefault: string | undefined, offset: number) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined && value !== "") return value;
    if (byDefault !== undefined) return byDefault;
    const line = text.slice(0, offset).split("\n").length;
    report({ file, line, text: `the environment has no ${name}: set it for tenk import` });
    return "";
  });
}
