import { TenkError } from "../../base/mod.ts";
import type { Expression } from "./expression.ts";
import { randomBytes } from "./regex.ts";
import type { RegexOptions } from "./regex-syntax.ts";
import { lengthsOf, Renderer, type Segment } from "./renderer.ts";
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
          parseTemplate(part, options.regex).map((expression) => resolved(expression, part, options, globalRandom)),
        ),
    );
  const first = segmentsOf(true);
  const segments = segmentsOf(false);
  const sum = (which: 0 | 1) => segments.reduce((total, segment) => total + lengthsOf(segment)[which], 0);
  const [least, most] = [sum(0), sum(1)];
  return {
    ...sender(segments, random, seed),
    firstBytes: first.length === 0 ? () => undefined : sender(first, random, ~seed).nextBytes,
    constantLengthBytes: least === most ? most : undefined,
    maxLengthBytes: most,
    messagesPerCycle: 1,
    hasMarker: segments.some((segment) => segment.kind === "marker"),
  };
}

function sender(segments: readonly Segment[], random: () => number, seed: number) {
  const only = segments[0] ?? { kind: "bytes", bytes: new Uint8Array(0) };
  if (segments.length <= 1 && only.kind === "bytes") return { constant: true, nextBytes: () => only.bytes };
  const renderer = new Renderer(segments, random, seed);
  return { constant: false, nextBytes: (uid: number, nowUs: number) => renderer.render(uid, nowUs) };
}

function resolved(
  expression: Expression,
  part: MessagePart,
  options: CompileOptions,
  globalRandom: () => number,
): Segment {
  if (expression.kind === "regex" && expression.scope === "global") {
    return { kind: "bytes", bytes: randomBytes(expression.regex, globalRandom) };
  }
  if (expression.kind !== "file") return expression;
  const bytes = options.files?.get(expression.path);
  if (bytes !== undefined) return { kind: "bytes", bytes };
  throw new TenkError(
    "usage",
    `Cannot send \\{<${expression.path}>} in ${part.name ?? "the message"}: the file was not read`,
  );
}

/** Puts neighbouring bytes into one array, so that a message without expressions is one. */
function joined(segments: readonly Segment[]): readonly Segment[] {
  const result: Segment[] = [];
  let run: Uint8Array[] = [];
  const endRun = () => {
    if (run.length > 0) result.push({ kind: "bytes", bytes: run.length === 1 ? run[0]! : concatenated(run) });
    run = [];
  };
  for (const segment of segments) {
    if (segment.kind === "bytes") {
      run.push(segment.bytes);
    } else {
      endRun();
      result.push(segment);
    }
  }
  endRun();
  return result;
}

function concatenated(arrays: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let offset = 0;
  for (const array of arrays) {
    result.set(array, offset);
    offset += array.length;
  }
  return result;
}

/**
 * The files that `\{<file>}` names in these parts, each once: read them and pass them to `compileMessages`.
 *
 * @throws {TenkError} `usage`
 * @example
 * filesNamedIn([{ kind: "text", text: "a\\{<body.json>}", first: false, unescape: false }]); // ["body.json"]
 */
export function filesNamedIn(parts: readonly MessagePart[], regex: RegexOptions = {}): string[] {
  const paths = parts.flatMap((part) =>
    parseTemplate(part, regex).map((it) => (it.kind === "file" ? it.path : undefined)),
  );
  return [...new Set(paths.filter((path) => path !== undefined))];
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
