import { nearest } from "../../base/mod.ts";
import { parseRegex, type RegexNode, type RegexOptions } from "./regex-syntax.ts";
import type { Scanner } from "./scanner.ts";
import { unescapeText } from "./unescape.ts";

/** What stands in `\{…}` in a message. */
export type Expression =
  /** `connection.uid`, `connection.ptr`, each with any number of `% N`, applied from left to right. */
  | { readonly kind: "number"; readonly source: "uid" | "ptr"; readonly moduli: readonly number[] }
  /** `global.re`: once a run; `connection.re`: once a connection; `re`: once a message. */
  | { readonly kind: "regex"; readonly scope: "global" | "connection" | "message"; readonly regex: RegexNode }
  /** `message.marker` */
  | { readonly kind: "marker" }
  | Content
  /** `ws.ping "text"`, `raw <file>`: only where frames are sent. */
  | HandMade<Content>;

export type Content =
  /** `"str"` */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** `<file>`: whoever compiles the message brings what is in it. */
  | { readonly kind: "file"; readonly path: string };

/** What is sent over WebSocket as it is written, and not in a frame of the sender's choice. */
export type HandMade<Payload> =
  | {
      readonly kind: "frame";
      readonly opcode: number;
      /** `...` makes it false: a continuation follows. */
      readonly isFinal: boolean;
      /** `rsv1` = 4, `rsv2` = 2, `rsv3` = 1. */
      readonly reserved: number;
      readonly payload: readonly Payload[];
    }
  /** Bytes without any frame. */
  | { readonly kind: "raw"; readonly payload: readonly Payload[] };

/** What expressions may be. */
export interface ExpressionOptions extends RegexOptions {
  /** Allow `ws.…` and `raw`. @default {false} */
  readonly frames?: boolean;
}

const NAMES = ["connection.uid", "connection.ptr", "connection.re", "global.re", "re", "message.marker"];
const EXPECTED = `${NAMES.join(", ")}, <file> or "text"`;
const ONLY_WEBSOCKET = "only `tenk load ws` sends frames";
/** As tcpkali's lexer reads them. */
const OPCODES: Readonly<Record<string, number>> = {
  continuation: 0,
  cont: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
};

/**
 * Reads one expression from its `\{` to its `}` and leaves the scanner behind it. Spaces between words mean nothing.
 *
 * @throws {TenkError} `usage`, quoting the expression with a caret below the place
 */
export function parseExpression(scanner: Scanner, options: ExpressionOptions = {}): Expression {
  const start = scanner.position;
  scanner.take("\\{");
  scanner.skipSpace();
  const expression = parseBody(scanner, options);
  scanner.skipSpace();
  if (scanner.take("}")) return expression;
  if (scanner.atEnd) scanner.fail('the expression is not closed: expected "}"', { at: start });
  if (scanner.next === "%") scanner.fail('only connection.uid and connection.ptr are numbers that "%" can divide');
  return scanner.fail(`expected "}", found ${scanner.found}`);
}

function parseBody(scanner: Scanner, options: ExpressionOptions): Expression {
  if (scanner.next === "<") return parseFile(scanner);
  if (scanner.next === '"') return { kind: "bytes", bytes: parseQuoted(scanner) };
  const start = scanner.position;
  // What stands behind `re` is the regex's own: in `\{re .+}` the dot belongs to it.
  const word = scanner.match(/re(?![\w.])/y) ?? scanner.match(/[A-Za-z_]\w*(?:\s*\.\s*\w*)?/y) ?? "";
  const name = word.replace(/\s+/g, "");
  switch (name) {
    case "connection.uid":
      return { kind: "number", source: "uid", moduli: parseModuli(scanner) };
    case "connection.ptr":
      return { kind: "number", source: "ptr", moduli: parseModuli(scanner) };
    case "connection.re":
      return { kind: "regex", scope: "connection", regex: parseRegexBody(scanner, options) };
    case "global.re":
      return { kind: "regex", scope: "global", regex: parseRegexBody(scanner, options) };
    case "re":
      return { kind: "regex", scope: "message", regex: parseRegexBody(scanner, options) };
    case "message.marker":
      return { kind: "marker" };
  }
  if (options.frames) {
    if (name === "raw") return { kind: "raw", payload: parseRawContent(scanner) };
    const opcode = OPCODES[/^ws\.(\w+)$/.exec(name)?.[1] ?? ""];
    if (opcode !== undefined) return parseFrame(scanner, opcode);
  }
  return refuseName(scanner, name, start, options);
}

function refuseName(scanner: Scanner, name: string, at: number, { frames = false }: ExpressionOptions): never {
  if (frames && /^ws(\.|$)/.test(name)) {
    scanner.fail(`expected one of ws.${Object.keys(OPCODES).join(", ws.")}, found "${name}"`, { at });
  }
  if (name === "raw") scanner.fail(`"raw" keeps a message from WebSocket framing, and ${ONLY_WEBSOCKET}`, { at });
  if (/^ws(\.|$)/.test(name)) scanner.fail(`"${name}" makes a WebSocket frame, and ${ONLY_WEBSOCKET}`, { at });
  const meant = name === "" ? undefined : nearest(name, NAMES);
  const found = name === "" ? scanner.found : `"${name}"`;
  const options = meant === undefined ? { at } : { at, hint: `did you mean ${meant}?` };
  return scanner.fail(`expected ${EXPECTED}, found ${found}`, options);
}

/** `ws.text "content" <file> ... rsv1`: content first, then in any order what is unusual about the frame. */
function parseFrame(scanner: Scanner, opcode: number): Expression {
  const payload: Content[] = [];
  for (let next = parseContent(scanner); next !== undefined; next = parseContent(scanner)) payload.push(next);
  let isFinal = true;
  let reserved = 0;
  for (scanner.skipSpace(); ; scanner.skipSpace()) {
    const flag = scanner.match(/\.\.\.|rsv[123]\b/y);
    if (flag === undefined) return { kind: "frame", opcode, isFinal, reserved, payload };
    if (flag === "...") isFinal = false;
    else reserved |= 8 >> Number(flag[3]);
  }
}

function parseRawContent(scanner: Scanner): Content[] {
  const content = parseContent(scanner);
  if (content !== undefined) return [content];
  return scanner.fail('expected "text" or <file> after raw');
}

function parseContent(scanner: Scanner): Content | undefined {
  scanner.skipSpace();
  if (scanner.next === "<") return parseFile(scanner);
  return scanner.next === '"' ? { kind: "bytes", bytes: parseQuoted(scanner) } : undefined;
}

function parseRegexBody(scanner: Scanner, options: RegexOptions): RegexNode {
  scanner.skipSpace();
  return parseRegex(scanner, options, true);
}

function parseModuli(scanner: Scanner): readonly number[] {
  const moduli: number[] = [];
  for (scanner.skipSpace(); scanner.take("%"); scanner.skipSpace()) {
    scanner.skipSpace();
    const start = scanner.position;
    const divisor = Number(scanner.match(/\d+/y) ?? Number.NaN);
    if (!(divisor >= 1 && divisor <= Number.MAX_SAFE_INTEGER)) {
      scanner.fail('expected a whole number from 1 on after "%"', { at: start, hint: "such as connection.uid % 10" });
    }
    moduli.push(divisor);
  }
  return moduli;
}

function parseQuoted(scanner: Scanner): Uint8Array {
  const start = scanner.position;
  const quoted = scanner.match(/"(?:[^"\\]|\\[\s\S])*"/y);
  if (quoted === undefined) return scanner.fail("the quoted text is not closed: expected '\"'", { at: start });
  return unescapeText(quoted.slice(1, -1), "the quoted text in an expression");
}

/** A path is taken as it stands, backslashes and all; one with spaces or `>` goes into quotes. */
function parseFile(scanner: Scanner): Content {
  const start = scanner.position;
  const name = scanner.match(/<\s*(?:"[^"\r\n]+"|[^"<>{}\s]+)\s*>/y);
  if (name === undefined) {
    return scanner.fail(`expected a file name as in <file.txt> or <"a file.txt">`, { at: start });
  }
  return { kind: "file", path: name.slice(1, -1).trim().replace(/^"|"$/g, "") };
}
