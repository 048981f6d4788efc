import { type Expression, type ExpressionOptions, parseExpression } from "./expression.ts";
import type { RegexNode, RegexOptions } from "./regex-syntax.ts";
import { refuseText, Scanner } from "./scanner.ts";
import { unescapeBytes } from "./unescape.ts";

/** One of the messages a run was given, as its option says it. */
export type MessagePart = {
  /** True for what is sent once when a connection opens (`-1`, `--first-message-file`). */
  readonly first: boolean;
  /** Replace backslash escapes (`-e`) outside of expressions. */
  readonly unescape: boolean;
  /** Read `\{…}`; false sends it as it stands. @default {true} */
  readonly expressions?: boolean;
  /** Names the part in errors: `-m`, `-f request.txt`. @default {"the message"} */
  readonly name?: string;
} & (
  | { readonly kind: "text"; readonly text: string }
  /** The content of a file (`-f`); any bytes. */
  | { readonly kind: "file-bytes"; readonly bytes: Uint8Array }
);

/** Bytes that one expression may take: what is read ahead for it, whatever the size of the message. */
const MAX_EXPRESSION_BYTES = 4096;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;

/**
 * Cuts a message into its literal bytes and its expressions. `\\` never begins an expression: `\\{` sends a brace.
 *
 * ```text
 *   GET /\{connection.uid}?x=\{re [a-z]+}\r\n
 *   └─┬─┘└───── number ──┘└┬┘└── regex ─┘└┬─┘
 *   bytes                bytes          bytes (unescaped if asked)
 * ```
 *
 * @throws {TenkError} `usage`, with the place
 */
export function parseTemplate(part: MessagePart, options: ExpressionOptions = {}): Expression[] {
  const { name = "the message", expressions = true } = part;
  const bytes = part.kind === "text" ? new TextEncoder().encode(part.text) : part.bytes;
  const parsed: Expression[] = [];
  const literal = (from: number, to: number) => {
    if (from === to) return;
    const raw = bytes.subarray(from, to);
    parsed.push({ kind: "bytes", bytes: part.unescape ? unescapeBytes(raw, name) : raw });
  };
  let start = 0;
  let at = expressions ? bytes.indexOf(BACKSLASH) : -1;
  while (at >= 0) {
    const next = bytes[at + 1];
    if (next === BRACE) {
      literal(start, at);
      const length = expressionAt(bytes, at, name, options, parsed);
      start = at + length;
      at = start;
    } else {
      at += next === BACKSLASH ? 2 : 1;
    }
    at = bytes.indexOf(BACKSLASH, at);
  }
  literal(start, bytes.length);
  return parsed;
}

/** Reads the expression at `at` into `parsed` and returns how many bytes it takes. */
function expressionAt(
  bytes: Uint8Array,
  at: number,
  name: string,
  options: ExpressionOptions,
  parsed: Expression[],
): number {
  const what = `the expression in ${name}`;
  const ahead = bytes.subarray(at, at + MAX_EXPRESSION_BYTES);
  const scanner = new Scanner(new TextDecoder("utf-8", { ignoreBOM: true }).decode(ahead), what);
  parsed.push(parseExpression(scanner, options));
  const read = new TextEncoder().encode(scanner.text.slice(0, scanner.position));
  if (Buffer.compare(read, ahead.subarray(0, read.length)) === 0) return read.length;
  return refuseText(what, scanner.text.slice(0, scanner.position), 0, "an expression must be valid UTF-8");
}

/**
 * Returns a byte that a part could yield and that is wrong, as text of its own or of an expression; undefined where none is.
 *
 * @param files what those of `\{<file>}` hold
 */
export function canYield(
  part: MessagePart,
  { files, regex }: { readonly files?: ReadonlyMap<string, Uint8Array>; readonly regex?: RegexOptions },
  isWrong: (byte: number) => boolean,
): number | undefined {
  for (const expression of parseTemplate(part, regex)) {
    const wrong = wrongByteOf(expression, files, isWrong);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongByteOf(
  expression: Expression,
  files: ReadonlyMap<string, Uint8Array> | undefined,
  isWrong: (byte: number) => boolean,
): number | undefined {
  switch (expression.kind) {
    case "bytes":
      return expression.bytes.find(isWrong);
    case "file":
      return files?.get(expression.path)?.find(isWrong);
    case "regex":
      return wrongByteIn(expression.regex, isWrong);
    default:
      // Digits, letters and punctuation.
      return undefined;
  }
}

/** Beyond ASCII all characters are bytes from 0x80 on. */
function wrongByteIn(node: RegexNode, isWrong: (byte: number) => boolean): number | undefined {
  if (node.kind === "repeat") return node.most === 0 ? undefined : wrongByteIn(node.item, isWrong);
  if (node.kind === "set") {
    const inAscii = Array.from({ length: 0x80 }, (_, byte) => byte).filter((byte) =>
      node.ranges.some(([from, to]) => from <= byte && byte <= to),
    );
    return inAscii.find(isWrong);
  }
  for (const item of node.items) {
    const wrong = wrongByteIn(item, isWrong);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
