import type { Connection } from "../../net/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";

/**
 * What becomes of one request. No event comes before `send` has returned, and none after `bodyEnd` (of a tunnel: after both
 * ends are finished), `failed` or `abort()`. All bytes and heads are borrowed: valid until the call returns.
 *
 * ```text
 *   interim* ─► response ─► body* ─► bodyEnd
 *      └───────────┴──────────┴────► failed
 * ```
 */
export interface ResponseEvents {
  /** A 1xx answer other than 101; `head` lies in `bytes`. */
  interim(head: Head, bytes: Uint8Array): void;
  /**
   * The head of the answer, a 101 included. `bytes` from `bodyFrom` to `bodyTo` are what came with it of the body; none of
   * these bytes comes again. How the body is delimited is in {@link TargetExchange.bodyFraming}.
   */
  response(head: Head, bytes: Uint8Array, bodyFrom: number, bodyTo: number): void;
  /** Payload, or the raw chunks where `carriesChunks` was asked for and the framing is `chunked`. */
  body(bytes: Uint8Array): void;
  /**
   * The answer is complete. Of a tunnel: the target sent its FIN.
   *
   * @param trailers of a chunked body that was not carried raw, with the bytes that they lie in
   */
  bodyEnd(trailers?: Head, bytes?: Uint8Array): void;
  /** `full` is false again. */
  drain(): void;
  failed(failure: TargetFailure): void;
}

/** How a request's body is delimited. Of `chunked` the chunks are written here; `carried` has them already. */
export type RequestFraming = "none" | "length" | "chunked" | "carried";

/** How an answer's body is delimited (RFC 9112 §6.3). `none`: it has no body, whatever its fields say. */
export type ResponseFraming = "none" | "length" | "chunked" | "until-close" | "tunnel";

/** A request, ready to be written. It is read only within `send`, so one object serves many requests. */
export interface RequestBlock {
  /** Its head, and perhaps the beginning of its body. Borrowed until `send` returns: copied where it must wait. */
  bytes: Uint8Array;
  from: number;
  to: number;
  /** How many of these bytes are the body's; with `chunked` none may be. */
  bodyBytes: number;
  framing: RequestFraming;
  /** Bytes of a body whose framing is `length`. */
  bodyLength: number;
  /** These bytes are the whole request; otherwise `end()` follows. */
  isWhole: boolean;
  /** Its method is HEAD: the answer has no body. */
  isHead: boolean;
  /** It asks for another protocol: a 101 makes a tunnel of it, and is an error otherwise. */
  isUpgrade: boolean;
  /** A chunked answer is passed on as it is, its framing checked; otherwise as payload. */
  carriesChunks: boolean;
  /** Not on a connection that was idle: set it for the second attempt, after a kept connection had died. */
  isFresh: boolean;
  /** The time on the clock of `performance.now()`, where the caller has just read it. */
  nowMs?: number;
}

export type FailurePhase = "connect" | "before-response" | "in-response";

/** Why a request got no whole answer. A closed set: it is a metric label. */
export const FAILURE_REASONS = [
  "connect", // no connection: refused, unreachable, no such name, TLS
  "connect-timeout", // no connection within connectMs
  "not-http2", // the target does not agree on HTTP/2, which was asked for (ALPN)
  "queue-full", // maxWaiting requests wait for a connection
  "queue-timeout", // no connection came free within waitMs
  "stopped", // the target was stopped
  "closed", // the target closed the connection before its answer was complete
  "reset", // the connection was reset, or broke
  "bad-response", // the answer is not HTTP/1.1 as RFC 9112 has it
  "response-timeout", // no head of an answer within responseHeadMs, or silence in its body for responseBodyMs
  "request-stalled", // the target took none of the request for a minute
  "handler-error", // an event's method threw
  "request-overflow", // the caller wrote on although `full` was true
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

export interface TargetFailure {
  /** `connect`: not a byte was sent. `before-response`: no head of an answer came. */
  readonly phase: FailurePhase;
  readonly reason: FailureReason;
  /** One line for people and logs. */
  readonly text: string;
  /** Of a connect: the error that it failed with. */
  readonly cause: unknown;
  /**
   * A connection that was kept from an earlier request died before a byte of the answer: most likely the target closed it
   * while the request was on its way. An idempotent request without a body may then be sent once more (RFC 9110 §9.2.2).
   */
  readonly isReused: boolean;
  /** The target said that it did nothing with it, so that any request may be sent again (RFC 9113 §8.7). HTTP/2 only. */
  readonly isUnprocessed: boolean;
  /** A time was over: 504 says that better than 502. */
  readonly isTimeout: boolean;
}

/** What one target did, and where its connections are. */
export interface TargetCounts {
  /** Connections open, idle ones and tunnels included. */
  readonly open: number;
  readonly idle: number;
  readonly opening: number;
  readonly tunnels: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** Requests given to `send`. */
  readonly requests: number;
  /** Of them: those with a whole answer, those that failed, those that the caller aborted. */
  readonly answered: number;
  readonly failed: number;
  readonly aborted: number;
  /** Requests sent on a kept connection. */
  readonly reused: number;
  /** Connects that succeeded, and that failed. */
  readonly dialled: number;
  readonly dialsFailed: number;
  /** Connections closed because of bytes that no request had asked for. */
  readonly unsolicited: number;
  readonly byReason: Readonly<Record<FailureReason, number>>;
}

/** The caller's end of one request. Once it is over, all of this does nothing. */
export interface TargetExchange {
  /** Known from `response` on. */
  readonly bodyFraming: ResponseFraming;
  /** Bytes, where the framing is `length`. */
  readonly bodyLength: number;
  /** To look at, not to write to: addresses, TLS. There from when the request is sent until the exchange is over. */
  readonly connection: Connection<unknown> | undefined;
  /** Set it in `response` where the answer may be silent for as long as it likes, in spite of `responseBodyMs`: an event stream. */
  mayBeSilent: boolean;
  /** It was sent on a connection that was kept from an earlier request. */
  readonly isReused: boolean;
  /** The request was sent to its end. An answer may be complete before. */
  readonly isWhole: boolean;
  readonly isOver: boolean;
  /** Much waits to be sent: stop writing until `drain`. Whoever writes on is ended at 4 MiB. */
  readonly full: boolean;
  /**
   * Sends bytes of the body, which are copied if they must wait; in a tunnel, any.
   *
   * @throws {TenkError} `invalid-option` for more than the request's length, or where it has no body
   */
  write(bytes: Uint8Array): void;
  /**
   * The request is complete. In a tunnel: sends a FIN, and what the target sends still comes.
   *
   * @param trailers of a `chunked` body: field lines, each with its CRLF
   * @throws {TenkError} `invalid-option` where bytes of its length are missing
   */
  end(trailers?: Uint8Array): void;
  /** Reads no more of the answer, so that the target is slowed. What was read already still comes. */
  pause(): void;
  resume(): void;
  /** Gives up, and resets the connection if the request was begun. No event comes any more. */
  abort(): void;
}
