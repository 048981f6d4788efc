import { parseAdblock } from "./adblock-rule.ts";
import {
  BLANK,
  DOT,
  HASH,
  isDigit,
  isIgnored,
  isLocalDomain,
  KIND,
  LETTER,
  LINE_FEED,
  OTHER,
  type ScannedName,
  scanName,
  toAsciiName,
} from "./name-syntax.ts";
import { ALLOW, type InvalidReason, type ListSink, type ListSummary, SUBTREE } from "./types.ts";

export interface ListParserOptions {
  /** Entries of the list allow, instead of blocking. Default: false. */
  readonly isAllowList?: boolean;
  /** Whether its `$dnsrewrite` may lead elsewhere, as in the user's own rules. Default: false. */
  readonly isTrusted?: boolean;
  /** Longer lines are invalid. Default: 8 KiB. */
  readonly maxLineBytes?: number;
  /** Working memory, `PARSER_BYTES` long for lines of the default length; allocated if left out. */
  readonly buffer?: Uint8Array;
}

const MAX_LINE_BYTES = 8192;
/** Bytes that are read at a time. */
export const CHUNK_BYTES = 256 * 1024;
/** One byte more, for the line feed that a last line may lack. */
export const PARSER_BYTES = CHUNK_BYTES + MAX_LINE_BYTES + 1;
/** Invalid lines that are kept in a summary. */
const KEPT_INVALID = 5;

const [LF, BANG, SHARP, DOLLAR, PERCENT, STAR, COLON] = [0x0a, 0x21, 0x23, 0x24, 0x25, 0x2a, 0x3a] as const;
const [SEMICOLON, QUESTION, AT, BRACKET, CARET, PIPE] = [0x3b, 0x3f, 0x40, 0x5b, 0x5e, 0x7c] as const;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Parses a list that arrives in chunks, whatever its format: hosts, domains, `*.x`, adblock; line by line, since lists mix them.
 * Common lines allocate no string. The caller writes bytes into `free()`, and then has `take(count)` parse them:
 *
 *     const parser = new ListParser(sink);
 *     while ((count = readSync(file, parser.free())) > 0) parser.take(count);
 *     parser.end();
 *
 * | line | entry |
 * | --- | --- |
 * | `0.0.0.0 a b`, `a` | exactly the name, as in Pi-hole, AdGuard and a hosts file |
 * | `*.a`, `\|\|a^`, `\|\|a` with a dot | the name and all below it; lists of `*.a` are made for that |
 * | `\|a^`, `\|a\|` | exactly the name |
 * | `@@` before one of them | allows it |
 * | another mask, `/regex/`, modifiers | a rule |
 */
export class ListParser {
  readonly summary: ListSummary = { lines: 0, names: 0, rules: 0, skipped: 0, invalid: 0, firstInvalid: [] };
  readonly #sink: ListSink;
  readonly #flags: number;
  readonly #isTrusted: boolean;
  readonly #maxLineBytes: number;
  readonly #buffer: Uint8Array;
  /** The bytes that are parsed: the buffer, or a line of it in ASCII. */
  #bytes: Uint8Array;
  /** Where in the list the buffer starts. */
  #position = 0;
  /** Bytes at the start of the buffer that do not end in a complete line yet. */
  #held = 0;
  /** The current line is too long: the rest of it is dropped. */
  #isDropping = false;
  #isAtStart = true;
  readonly #scanned: ScannedName = { next: 0, end: 0, dots: 0, problem: undefined };

  constructor(sink: ListSink, options: ListParserOptions = {}) {
    this.#sink = sink;
    this.#flags = options.isAllowList ? ALLOW : 0;
    this.#isTrusted = options.isTrusted ?? false;
    this.#maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
    const bytes = CHUNK_BYTES + this.#maxLineBytes + 1;
    const { buffer } = options;
    this.#buffer = buffer !== undefined && buffer.length >= bytes ? buffer : new Uint8Array(new ArrayBuffer(bytes));
    this.#bytes = this.#buffer;
  }

  /** Returns where to write the next bytes of the list: room for `CHUNK_BYTES`. */
  free(): Uint8Array {
    return this.#buffer.subarray(this.#held, this.#held + CHUNK_BYTES);
  }

  /** Parses the complete lines of what was written into `free()`. */
  take(count: number): void {
    const buffer = this.#buffer;
    const filled = this.#held + count;
    const end = buffer.subarray(0, filled).lastIndexOf(LF) + 1;
    if (this.#isDropping) {
      if (end === 0) {
        this.#position += filled;
        return;
      }
      this.#isDropping = false;
      this.#parse(buffer.indexOf(LF) + 1, end);
    } else if (end > 0) this.#parse(this.#markBytes(), end);
    this.#held = filled - end;
    this.#position += end;
    buffer.copyWithin(0, end, filled);
    if (this.#held > this.#maxLineBytes) this.#drop();
  }

  /** Parses a last line without a line feed. */
  end(): ListSummary {
    if (this.#held > 0) {
      this.#buffer[this.#held] = LF;
      this.#parse(this.#markBytes(), this.#held + 1);
    }
    this.#held = 0;
    return this.summary;
  }

  /** Returns how many bytes a byte order mark has, where one can be. */
  #markBytes(): number {
    if (!this.#isAtStart) return 0;
    this.#isAtStart = false;
    const bytes = this.#buffer;
    return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  #drop(): void {
    let at = this.#markBytes();
    while (KIND[this.#buffer[at]!] === BLANK) at += 1;
    this.summary.lines += 1;
    if (!isComment(this.#buffer[at]!)) this.#invalid("the line is too long");
    this.#position += this.#held;
    this.#held = 0;
    this.#isDropping = true;
  }

  #parse(from: number, end: number): void {
    let at = from;
    while (at < end) {
      this.summary.lines += 1;
      at = this.#line(at);
    }
  }

  /** Parses one line. @returns where the next one starts */
  #line(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (KIND[bytes[at]!] === BLANK) at += 1;
    const first = bytes[at]!;
    if (first === PIPE && bytes[at + 1] === PIPE) return this.#marked(start, at + 2, CARET);
    const kind = KIND[first]!;
    if (kind === LETTER || first === COLON) return this.#names(start, at);
    if (kind === LINE_FEED) return at + 1;
    if (isComment(first)) return this.#lineEnd(at);
    if (first === STAR && bytes[at + 1] === 0x2e) return this.#marked(start, at + 2, STAR);
    return this.#adblock(start);
  }

  #lineEnd(at: number): number {
    return this.#bytes.indexOf(LF, at) + 1;
  }

  #afterBlanks(from: number): number {
    let at = from;
    while (KIND[this.#bytes[at]!] === BLANK) at += 1;
    return at;
  }

  /** `||a^` and `*.a`. If anything but blanks and a comment follows, the parser of rules takes the line. */
  #marked(start: number, from: number, mark: number): number {
    const bytes = this.#bytes;
    const name = this.#scanned;
    scanName(bytes, from, name);
    if (mark === CARET && bytes[name.next] !== CARET) return this.#adblock(start);
    const after = this.#afterBlanks(mark === CARET ? name.next + 1 : name.next);
    const isComment = after > name.next && bytes[after] === SHARP && KIND[bytes[after - 1]!] === BLANK;
    if ((bytes[after] !== LF && !isComment) || name.problem !== undefined) return this.#adblock(start);
    const lineEnd = isComment ? this.#lineEnd(after) : after + 1;
    if (!this.#isTooLong(start, lineEnd - 1)) this.#entry(from, name.end, SUBTREE);
    return lineEnd;
  }

  /** `a`, or `0.0.0.0 a b c`. */
  #names(start: number, from: number): number {
    const bytes = this.#bytes;
    const name = this.#scanned;
    scanName(bytes, from, name);
    const { next, end, dots, problem } = name;
    const nextKind = KIND[bytes[next]!];
    if (bytes[next] === COLON || (nextKind === BLANK && isNumeric(bytes, from, next))) return this.#hosts(start, from);
    const after = this.#afterBlanks(next);
    if (bytes[after] !== LF && bytes[after] !== SHARP) return this.#adblock(start);
    if (nextKind === HASH && isCosmetic(bytes[next + 1]!)) return this.#adblock(start);
    const lineEnd = this.#lineEnd(after);
    if (!this.#isTooLong(start, lineEnd - 1)) this.#plain(from, end, dots, problem);
    return lineEnd;
  }

  /** An address, and the names behind it. */
  #hosts(start: number, from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (isOfAddress(bytes[at]!)) at += 1;
    if (KIND[bytes[at]!] !== BLANK) return this.#adblock(start);
    const lineEnd = this.#lineEnd(at);
    if (this.#isTooLong(start, lineEnd - 1)) return lineEnd;
    for (;;) {
      at = this.#afterBlanks(at);
      if (KIND[bytes[at]!] === LINE_FEED || KIND[bytes[at]!] === HASH) return lineEnd;
      const name = this.#scanned;
      scanName(bytes, at, name);
      if (KIND[bytes[name.next]!] === OTHER) at = this.#foreign(at);
      else {
        this.#plain(at, name.end, name.dots, name.problem);
        at = name.next;
      }
    }
  }

  /** Parses a name of a hosts file that is invalid or not ASCII. @returns its end */
  #foreign(from: number): number {
    let end = from;
    while (KIND[this.#bytes[end]!] !== BLANK && this.#bytes[end] !== LF && this.#bytes[end] !== SHARP) end += 1;
    const name = toAsciiName(decoder.decode(this.#bytes.subarray(from, end)));
    if (name === undefined) this.#invalid("a name has a character that no host name has");
    else this.#within(`${name}\n`, () => this.#names(0, 0));
    return end;
  }

  /** Parses another text in place of the buffer. */
  #within(text: string, parse: () => void): void {
    this.#bytes = encoder.encode(text);
    parse();
    this.#bytes = this.#buffer;
  }

  /** A name in a hosts file or on a line of its own. */
  #plain(from: number, end: number, dots: number, problem: InvalidReason | undefined): void {
    const reason = problem ?? (dots === 0 ? "a name has one label only" : undefined);
    if (reason === undefined && !isLocalDomain(this.#bytes, from, end)) this.#entry(from, end, 0);
    else if (reason !== undefined && !isIgnored(this.#bytes, from, end)) this.#invalid(reason);
  }

  #entry(from: number, end: number, flags: number): void {
    this.summary.names += 1;
    const position = this.#bytes === this.#buffer ? this.#position + from : -1;
    this.#sink.name(this.#bytes, from, end, flags | this.#flags, position);
  }

  /** Parses any other line. These are rare enough to allocate a string. */
  #adblock(start: number): number {
    const next = this.#lineEnd(start);
    if (this.#isTooLong(start, next - 1)) return next;
    const line = decoder.decode(this.#bytes.subarray(start, next - 1)).trim();
    const ascii = line.replace(/[^\s|^$#/*@,=~]*[\u0080-\uffff][^\s|^$#/*@,=~]*/g, (name) => toAsciiName(name) ?? name);
    if (ascii === line) this.#apply(line);
    else if (/^[\0-\x7f]*$/.test(ascii)) this.#within(`${ascii}\n`, () => this.#line(0));
    else this.#apply(ascii);
    return next;
  }

  #apply(line: string): void {
    const parsed = parseAdblock(line, { isAllowList: this.#flags !== 0, isTrusted: this.#isTrusted });
    if (parsed.kind === "name") {
      this.#within(parsed.name, () => this.#entry(0, parsed.name.length, parsed.flags));
    } else if (parsed.kind === "rule") {
      this.summary.rules += 1;
      this.#sink.rule(parsed.rule, this.summary.lines);
    } else if (parsed.kind === "disable") this.#sink.disable(parsed.key);
    else if (parsed.kind === "skipped") this.summary.skipped += 1;
    else this.#invalid(parsed.reason);
  }

  #isTooLong(start: number, end: number): boolean {
    if (end - start <= this.#maxLineBytes) return false;
    this.#invalid("the line is too long");
    return true;
  }

  #invalid(reason: InvalidReason): void {
    const { summary } = this;
    summary.invalid += 1;
    if (summary.firstInvalid.length < KEPT_INVALID) summary.firstInvalid.push({ line: summary.lines, reason });
  }
}

function isComment(byte: number): boolean {
  return byte === SHARP || byte === BANG || byte === SEMICOLON || byte === BRACKET;
}

/** Whether a `#` with this byte behind it starts a rule about the content of pages, instead of a comment. */
function isCosmetic(byte: number): boolean {
  return byte === SHARP || byte === AT || byte === QUESTION || byte === DOLLAR || byte === PERCENT;
}

/** Whether bytes look like an IPv4 address, or like the `0` that some lists have for it. */
function isNumeric(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (KIND[bytes[at]!] !== DOT && !isDigit(bytes[at]!)) return false;
  return true;
}

/** Whether a byte can be in an address: IPv4, or IPv6 with a zone. */
function isOfAddress(byte: number): boolean {
  return KIND[byte] === LETTER || KIND[byte] === DOT || byte === COLON || byte === PERCENT;
}
