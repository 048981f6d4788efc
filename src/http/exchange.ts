import type { Connection } from "../net/mod.ts";
import { type FieldSet, fieldLine, type Head, statusText } from "../wire/http1/mod.ts";
import { ErrorFormat, errorPage } from "./error-page.ts";
import type { Http2Rejection } from "./http2/mod.ts";

/**
 * How the content of an answer is delimited: its length in bytes, or one of these. The exchange writes the fields that say so
 * (`Content-Length`, `Transfer-Encoding`); to HEAD, and with 204 and 304, it sends no content whatever is passed to it.
 */
export type BodyFraming = number;
export const BodyFraming = {
  /** Content of unknown length; `end` ends it. HTTP/1.1 sends it as chunks, HTTP/1.0 until the connection closes. */
  unknown: -1,
  /** `send` gets bytes that are chunks already, with the last chunk and the trailers. Only where `canCarryChunks`. */
  chunks: -2,
  /** No content, and no field that speaks of a length: 101, 204, and 304 or an answer to HEAD where the length is not known. */
  none: -3,
} as const;

const NO_LINES: readonly Uint8Array[] = [];
/** The next request may be answered better. */
const NOT_STORED = fieldLine("Cache-Control", "no-store");

/** How an exchange ended. A closed set, since it is a metric label. */
export const OUTCOMES = [
  "answered", // the whole answer was passed to the connection, also an error page
  "client-gone", // the client closed or reset before it had the answer
  "client-stalled", // the client sent none of its body, or took none of the answer, for too long
  "bad-body", // the body of the request broke its framing
  "aborted", // our side broke off: the target failed in the middle, or a limit was passed
  "shutdown", // the server stopped and the grace was over
  "failed", // the handler threw
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What all exchanges of one client connection share. */
export interface ClientConnection {
  readonly connection: Connection<unknown>;
  readonly isSecure: boolean;
  /** The name that the client asked for in its TLS handshake (SNI). */
  readonly serverName: string | undefined;
  /** Yours, as `Exchange.data`, for what is made once a connection. */
  data: unknown;
}

/**
 * What a program does with requests. One for all connections of an event loop; what belongs to one request goes into
 * `exchange.data`.
 *
 * ```text
 *   request ─► body … ─► bodyEnd          (only where `exchange.hasBody`)
 *      └────► begin, sendHead ─► send … ─► end ─► finished        full ─► drain
 * ```
 *
 * None of these is called after `finished`. `finished` may be called from within any method of the exchange that sends.
 */
export interface ExchangeHandler<Data = unknown> {
  /**
   * A request. `head` and `bytes` are borrowed until this returns. The target is as it was sent (in absolute form: without
   * scheme and authority). CONNECT and `OPTIONS *` do not come here, except the extended CONNECT of a WebSocket.
   */
  request(exchange: Exchange<Data>, head: Head, bytes: Uint8Array): void;
  /** Content of the request, borrowed; or its raw chunks, where `carriesChunks` was set in `request`; or bytes of a tunnel. */
  body?(exchange: Exchange<Data>, bytes: Uint8Array): void;
  /** The request is complete, with its trailers if it has some and they were not carried; of a tunnel: the client's FIN. */
  bodyEnd?(exchange: Exchange<Data>, trailers: Head | undefined, bytes: Uint8Array | undefined): void;
  /** `full` is false again. */
  drain?(exchange: Exchange<Data>): void;
  /** Called exactly once for each `request`, whatever happened: status, outcome, byte counts and times stand. */
  finished?(exchange: Exchange<Data>): void;
  /**
   * The server answered by itself: what cannot be a request (400, 408, 431, 501, 505 …), CONNECT, `OPTIONS *`.
   *
   * @param reason of a closed set: an `Http1Refusal`, `head-timeout` or `options`
   */
  answeredItself?(client: ClientConnection, status: number, reason: string): void;
  /** A connection of HTTP/2 broke a rule or reached a limit: `HTTP2_REJECTIONS` has the reasons. */
  brokeRule?(reason: Http2Rejection): void;
}

/**
 * Writes the fields of an answer. One for all exchanges of an event loop: it is valid from `begin` to `sendHead`, in one turn.
 * `Date` is added where no line has it. `Connection`, other hop-by-hop fields and those that delimit the content are the
 * exchange's own, and never copied; nor is what a `Connection` names.
 */
export interface HeadWriter {
  /**
   * Copies the fields of `head`, except those in `drop` and those that are called one of `dropNames` (in lower case).
   */
  lines(head: Head, bytes: Uint8Array, drop?: FieldSet, dropNames?: readonly Uint8Array[]): void;
  /** Adds what `fieldLine` made. */
  line(prepared: Uint8Array): void;
  /** Adds a field. The slow way: it is encoded, and checked for line breaks. */
  field(name: string, value: string): void;
}

/**
 * One request and its answer: on HTTP/1.1 one after the other on a connection, on HTTP/2 one a stream. It has no closure, no
 * promise and no timer of its own.
 *
 * After `fail`, `abort` and `end` everything that is called is ignored, so that a target which answers late does no harm.
 */
export abstract class Exchange<Data = unknown> {
  data!: Data;
  abstract readonly client: ClientConnection;
  abstract readonly protocol: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2.0";
  /** Whether the request is a HEAD. */
  isHead = false;
  /** Whether `bodyEnd` will be called: the request has content, or may have. */
  hasBody = false;
  /** Set while `request` is called: `body` follows at once, so that head and first content can go on in one write. */
  bodyFollows = false;
  /** The protocol that the client asks to change to, in lower case (`websocket`); "" where it asks for none. Never `h2c`. */
  upgrade = "";
  /** Set it in `request` to get the body as the chunks that the client sent, checked but not unpacked. */
  carriesChunks = false;
  /** Whether chunks can be carried, both ways: HTTP/1.1. */
  abstract readonly canCarryChunks: boolean;
  /** The format of error pages, by the request's `Accept`. */
  errorFormat: ErrorFormat = ErrorFormat.text;
  /** The length of the request's content that its head announced; -1 = none. */
  protected announcedBytes = -1;
  /** The most content that this request may have; 0 = no limit. */
  protected maxBodyBytes = 0;

  /** Prepared fields that every answer gets, whoever gives it; not an interim one. Set it in `request`. */
  answerLines: readonly Uint8Array[] = NO_LINES;
  /** Those that error pages get instead. */
  errorLines: readonly Uint8Array[] = NO_LINES;

  // ---- what happened; all of it stands when `finished` is called ----------------------------------------------------

  /** Of the answer; 0 while none has begun. */
  status = 0;
  outcome: Outcome = "answered";
  requestHeadBytes = 0;
  /** Content that the client sent (of carried chunks: all of their bytes). */
  requestBodyBytes = 0;
  responseHeadBytes = 0;
  /** Content that was passed to the connection (of carried chunks: all of their bytes). */
  responseBodyBytes = 0;
  /** When the request's head was complete; as all times here on the clock of `performance.now()`. */
  startedMs = 0;
  /** When the answer's head was passed to the connection; 0 before. */
  firstByteMs = 0;
  endedMs = 0;

  // ---- the request --------------------------------------------------------------------------------------------------

  /** Reads no more of the body: the client is slowed. What was read already still comes, at most one read of it. */
  abstract pauseBody(): void;
  /** Also lets a client go on that waits for `100 Continue`. */
  abstract resumeBody(): void;
  /**
   * Limits the content of this request, instead of the server's own limit. Call it in `request`.
   *
   * @param maxBytes 0 = no limit
   * @returns false where the client announced more: it has its 413 then. Content that grows beyond it later gets 413 or is aborted
   */
  limitBody(maxBytes: number): boolean {
    this.maxBodyBytes = maxBytes;
    if (maxBytes === 0 || this.announcedBytes <= maxBytes) return true;
    this.fail(413);
    return false;
  }

  // ---- the answer ---------------------------------------------------------------------------------------------------

  /** Passes on an interim answer (103 …) of a target; `head.status` is its status. Not to HTTP/1.0. */
  abstract interim(head: Head, bytes: Uint8Array): void;
  /** Begins the answer, with `answerLines`. 101 on an extended CONNECT of HTTP/2 leaves as 200. */
  abstract begin(status: number): HeadWriter;
  /**
   * Sends the head, and the first content with it in one write.
   *
   * @param nowMs the time, where it was just read: on some machines that costs as much as writing the head
   */
  abstract sendHead(framing: BodyFraming, first?: Uint8Array, from?: number, to?: number, nowMs?: number): void;
  /** Sends content. It is copied where it must wait. */
  abstract send(bytes: Uint8Array, from?: number, to?: number): void;
  /** More waits to be sent than the high water mark: wait for `drain`. */
  abstract readonly full: boolean;
  /** Ends the answer; with less content than announced it is aborted instead. Of a tunnel: sends our FIN. */
  abstract end(trailers?: Head, bytes?: Uint8Array): void;
  /** Call it after `sendHead` of a 101: from now on `body` and `send` carry raw bytes both ways. */
  abstract tunnel(): void;
  /**
   * Answers with an error page; where a head was sent already it aborts.
   *
   * @param detail one sentence for a person, instead of the usual one
   * @param lines prepared fields, such as `Retry-After`
   */
  fail(status: number, detail?: string, lines?: Uint8Array): void {
    if (this.endedMs > 0) return;
    if (this.firstByteMs > 0) {
      this.abort("aborted");
      return;
    }
    const page = errorPage(status, statusText(status), this.errorFormat, detail);
    this.answerLines = this.errorLines;
    const writer = this.begin(status);
    writer.line(page.contentType);
    writer.line(NOT_STORED);
    if (lines !== undefined) writer.line(lines);
    this.sendHead(page.content.length, page.content);
    this.end();
  }
  /** Breaks off, so that the client sees that the answer is not whole: HTTP/1.1 resets the connection, HTTP/2 the stream. */
  abstract abort(outcome: Outcome): void;
}
