import { TenkError } from "../../base/mod.ts";
import type { Expression, ExpressionOptions } from "./expression.ts";
import type { RegexOptions } from "./regex-syntax.ts";
import { concatenated, isSegment, joined, lengthsIn, resolved, segmentSource } from "./segments.ts";
import { type MessagePart, parseTemplate } from "./template.ts";

/** What a load test sends, for any number of connections; holds no state of any of them. */
export interface MessageSource {
  /**
   * What connection `uid` sends once when it opens, or undefined where nothing was given. Borrowed until the next call.
   *
   * @param nowUs microseconds since 1970, for a marker in it
   */
  firstBytes(uid: number, nowUs: number): Uint8Array | undefined;
  /**
   * The next message of connection `uid`. Borrowed until the next call: write it or copy it. A constant message is the same
   * array every time, and no call allocates.
   *
   * @param nowUs microseconds since 1970, for its markers; unused without
   */
  nextBytes(uid: number, nowUs: number): Uint8Array;
  /** Every message is the same bytes, those of `nextBytes` at any time. */
  readonly constant: boolean;
  /** How long every message is, where that is known: also of `[a-z]{8}`, a marker, `connection.uid % 10`. 0 = none given. */
  readonly constantLengthBytes: number | undefined;
  /** The longest a message can get. */
  readonly maxLengthBytes: number;
  /** Messages before the sequence begins anew. Always 1, as with tcpkali: all `-m` and `-f` together are one message. */
  readonly messagesPerCycle: number;
  /** A message holds a `\{message.marker}`. */
  readonly hasMarker: boolean;
}

export interface CompileOptions {
  /** In the order of the command line; first ones and others are put together each on their own. Bytes are not copied. */
  parts: readonly MessagePart[];
  /** For `re`, each message. As Math.random. */
  random: () => number;
  /** For `global.re` and to seed `connection.re`. Give workers the same sequence and they send the same. @default {random} */
  globalRandom?: () => number;
  /** What the files of `\{<file>}` hold; `filesNamedIn` says which. @default {none} */
  files?: ReadonlyMap<string, Uint8Array>;
  /** Bounds on random text. @default {16 repeats, 64 KiB} */
  regex?: RegexOptions;
}

/**
 * Reads the messages of a load test once, so that sending them costs as little as what varies in them.
 *
 * @throws {TenkError} `usage`, quoting what could not be read
 * @example
 * const parts = [{ kind: "text" as const, text: "GET /\\{connection.uid % 10}", first: false, unescape: false }];
 * compileMessages({ parts, random: Math.random }).maxLengthBytes; // 6
 */
export function compileMessages(options: CompileOptions): MessageSource {
  const { parts, random, globalRandom = random } = options;
  const seed = Math.floor(globalRandom() * 0x1_0000_0000) | 0;
  const segmentsOf = (first: boolean) =>
    joined(
      parts
        .filter((part) => part.first === first)
        .flatMap((part) =>
          parseTemplate(part, options.regex)
            .map((expression) => resolved(expression, part, options, globalRandom))
            .filter(isSegment),
        ),
    );
  const first = segmentsOf(true);
  const segments = segmentsOf(false);
  const [least, most] = lengthsIn(segments);
  return {
    ...segmentSource(segments, random, seed),
    firstBytes: first.length === 0 ? () => undefined : segmentSource(first, random, ~seed).nextBytes,
    constantLengthBytes: least === most ? most : undefined,
    maxLengthBytes: most,
    messagesPerCycle: 1,
    hasMarker: segments.some((segment) => segment.kind === "marker"),
  };
}

/**
 * The files that `\{<file>}` names in these parts, each once: read them and pass them to `compileMessages`.
 *
 * @throws {TenkError} `usage`
 * @example
 * filesNamedIn([{ kind: "text", text: "a\\{<body.json>}", first: false, unescape: false }]); // ["body.json"]
 */
export function filesNamedIn(parts: readonly MessagePart[], options: ExpressionOptions = {}): string[] {
  const expressions = parts.flatMap((part) => parseTemplate(part, options));
  const contents = expressions.flatMap((it): readonly Expression[] =>
    it.kind === "frame" || it.kind === "raw" ? it.payload : [it],
  );
  return [...new Set(contents.flatMap((it) => (it.kind === "file" ? [it.path] : [])))];
}

/**
 * The bytes of a text that must be the same for every connection: a latency marker, `--message-stop`, a delimiter.
 *
 * @param name the option, for errors
 * @throws {TenkError} `usage` when it is empty or varies
 * @example
 * compileConstant("PONG\\n", { unescape: true, name: "--latency-marker" }); // new TextEncoder().encode("PONG\n")
 */
export function compileConstant(text: string, options: { unescape: boolean; name: string }): Uint8Array {
  const template = parseTemplate({ kind: "text", text, first: false, ...options });
  const arrays = template.map((it) => (it.kind === "bytes" ? it.bytes : undefined)).filter((it) => it !== undefined);
  if (arrays.length < template.length) {
    const message = `Cannot look for ${JSON.stringify(text)} (${options.name}): expected text that never varies`;
    throw new TenkError("usage", message, { hint: "leave out the expression: look for what every reply has" });
  }
  const bytes = concatenated(arrays);
  if (bytes.length > 0) return bytes;
  throw new TenkError("usage", `Cannot look for an empty text (${options.name}): expected at least one character`);
}
