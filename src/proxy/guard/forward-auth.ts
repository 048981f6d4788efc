import { HttpTarget, parseHttpAddress } from "../../http/mod.ts";
import { FieldName, type FieldSet, fieldSet, type Head } from "../../wire/http1/mod.ts";
import { type Caller, DROPPED_FROM_REQUESTS, type HeadPool, type RequestHead, union } from "../forward/mod.ts";
import { AuthQuestion } from "./auth-question.ts";
import type { GuardedExchange, Rejecter } from "./rejections.ts";
import type { Verdict } from "./verdict.ts";

/** Silence within an answer that the client gets. */
const BODY_TIMEOUT_MS = 10_000;
/** Requests of an event loop that the server may have to decide about at a time, and that may wait beside those. */
const MAX_CONNECTIONS = 256;
const MAX_WAITING = 1024;

const encoder = new TextEncoder();
const FORWARDED_METHOD = encoder.encode("X-Forwarded-Method: ");
const FORWARDED_URI = encoder.encode("X-Forwarded-Uri: ");
const CRLF = encoder.encode("\r\n");

/** Not asked with: of content, which is not sent along, and what would make an answer depend on more than who asks. */
const DROPPED_FROM_QUESTIONS: FieldSet = union(
  DROPPED_FROM_REQUESTS,
  fieldSet(
    FieldName.contentType,
    FieldName.contentEncoding,
    FieldName.contentRange,
    FieldName.range,
    FieldName.ifRange,
    FieldName.ifNoneMatch,
    FieldName.ifModifiedSince,
    FieldName.secWebsocketKey,
    FieldName.secWebsocketVersion,
    FieldName.secWebsocketProtocol,
    FieldName.secWebsocketExtensions,
  ),
);
const DROPPED_NAMES = ["if-match", "if-unmodified-since"];

export interface ForwardAuthSettings {
  readonly url: string;
  readonly copyHeaders: readonly string[];
  readonly timeoutMs: number;
}

/**
 * Asks a server such as Authelia, Authentik or Tinyauth about each request of one service, as Caddy's `forward_auth` does: a GET
 * with the fields of the request, and `X-Forwarded-Method`, `-Uri`, `-Host`, `-Proto` and `-For`. Its kept connections are this
 * event loop's.
 */
export class ForwardAuth {
  readonly #http: HttpTarget;
  readonly #heads: HeadPool;
  readonly #rejecter: Rejecter;
  readonly #requestLine: Uint8Array;
  readonly #authority: Uint8Array;
  readonly #copied: readonly Uint8Array[];
  readonly #dropNames: readonly Uint8Array[];

  /** @param copied headers of an answer that the target gets @throws {TenkError} `invalid-option` */
  constructor(
    { url, copyHeaders, timeoutMs }: ForwardAuthSettings,
    copied: readonly string[],
    rejecter: Rejecter,
    heads: HeadPool,
  ) {
    const { origin, pathname, search } = new URL(url);
    this.#http = new HttpTarget({
      url: origin,
      responseHeadMs: timeoutMs,
      responseBodyMs: BODY_TIMEOUT_MS,
      maxConnections: MAX_CONNECTIONS,
      maxWaiting: MAX_WAITING,
    });
    this.#heads = heads;
    this.#rejecter = rejecter;
    this.#requestLine = encoder.encode(`GET ${pathname}${search} HTTP/1.1\r\n`);
    this.#authority = encoder.encode(parseHttpAddress(origin).authority);
    this.#copied = copied.map((name) => encoder.encode(name.toLowerCase()));
    this.#dropNames = [...DROPPED_NAMES, ...copyHeaders].map((name) => encoder.encode(name.toLowerCase()));
  }

  /** @param aboutClient prepared lines @returns undefined where the request has its answer */
  check(exchange: GuardedExchange, head: Head, bytes: Uint8Array, caller: Caller, aboutClient: Uint8Array): Verdict {
    const question = this.#heads.borrow();
    if (!this.#write(question, head, bytes, aboutClient)) {
      this.#heads.giveBack(question);
      this.#rejecter.answer(exchange, caller, "auth-failed", 431);
      return undefined;
    }
    const asked = new AuthQuestion(exchange, caller, this.#http, this.#heads, question, this.#copied, this.#rejecter);
    asked.send();
    return asked;
  }

  /** Requests under way get their answer. */
  stop(): void {
    void this.#http.stop({ graceMs: Number.POSITIVE_INFINITY });
  }

  #write(question: RequestHead, head: Head, bytes: Uint8Array, aboutClient: Uint8Array): boolean {
    const method = bytes.subarray(head.methodStart, head.methodEnd);
    const target = bytes.subarray(head.targetStart, head.targetEnd);
    const isWritten = question.write(head, bytes, {
      requestLine: this.#requestLine,
      drop: DROPPED_FROM_QUESTIONS,
      dropNames: this.#dropNames,
      stripBytes: 0,
      lines: [aboutClient, FORWARDED_METHOD, method, CRLF, FORWARDED_URI, target, CRLF],
      delimiting: "none",
      contentLength: 0,
      isWebSocket: false,
    });
    if (isWritten) question.pointAt(this.#authority);
    return isWritten;
  }
}
