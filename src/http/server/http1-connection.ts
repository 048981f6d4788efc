import { type CloseReason, type Connection, logHandlerFailed } from "../../net/mod.ts";
import type { ClientConnection, Outcome } from "../exchange.ts";
import { closeReasonOf, isOrderly, outcomeOf } from "../outcome-of.ts";
import { HeadReader } from "./head-reader.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import type { Http1Server } from "./http1-server.ts";
import { viewOf } from "./output.ts";
import { ReadGate } from "./read-gate.ts";
import { logRejected } from "./rejections.ts";
import { openExchange } from "./request.ts";
import { RequestBody } from "./request-body.ts";

const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

/** What the next byte is. */
const Phase = {
  /** The first of a request. */
  idle: 0,
  /** Of a head that has begun, or of the first one of the connection. */
  head: 1,
  /** Of the content of the request in progress. */
  body: 2,
  /** Of the next request: the one in progress is whole, its answer is not. */
  answer: 3,
  /** Of content that is read and dropped, since the answer was sent before it. */
  dropping: 4,
  tunnel: 5,
  /** Nothing: the last answer is sent. */
  closing: 6,
} as const;

/**
 * An HTTP/1.1 connection of a client, which is read as one request after the other.
 *
 * ```text
 *     ┌───────────── answered ──────────┐
 *   idle ─► head ─► body ─► answer ─────┤      answered for the last time ─► closing:
 *     ▲               └─ answered early │      FIN, what comes is dropped, closed
 *     └───────────────── dropping ◄─────┘
 * ```
 *
 * Requests that came together are read in a loop, each when the one before is answered. Bytes that must wait for that are kept;
 * where they are many, reading pauses.
 */
export class Http1Connection implements ClientConnection {
  readonly connection: Connection<Http1Connection>;
  readonly server: Http1Server;
  readonly isSecure: boolean;
  readonly serverName: string | undefined;
  data: unknown;
  #phase: number = Phase.head;
  readonly #head = new HeadReader();
  readonly #body = new RequestBody();
  #exchange: Http1Exchange<unknown> | undefined;
  readonly #gate: ReadGate;
  /** Bytes are being read: the loop goes on by itself. */
  #isReading = false;
  /** The phase that the deadline in force is for. */
  #timedPhase: number = Phase.head;
  /** No further request: the client or this side said so. */
  #closes = false;
  /** Why it closes behind the answer in progress; undefined = as that ended. */
  #closeReason: CloseReason | undefined;
  #clientFinished = false;
  /** The client waits for `100 Continue` before it sends content. */
  #awaitsContinue = false;

  constructor(
    connection: Connection<Http1Connection>,
    server: Http1Server,
    isSecure: boolean,
    serverName: string | undefined,
  ) {
    this.connection = connection;
    this.server = server;
    this.#gate = new ReadGate(connection);
    this.isSecure = isSecure;
    this.serverName = serverName;
    connection.deadline(server.settings.headTimeoutMs);
  }

  // ---- events of the connection -------------------------------------------------------------------------------------

  received(bytes: Uint8Array): void {
    // What waits comes first.
    const end = this.#gate.isEmpty ? this.#read(bytes, 0, bytes.length) : 0;
    if (end < bytes.length && this.#phase !== Phase.closing) {
      this.#gate.keep(bytes, end, this.server.settings.maxPipelinedBytes);
    }
    this.#settle();
  }

  drained(): void {
    if (this.#exchange !== undefined) this.server.handler.drain?.(this.#exchange);
    this.#readKept();
  }

  clientFinished(): void {
    this.#clientFinished = true;
    const exchange = this.#exchange;
    if (exchange === undefined) this.#settle();
    else if (exchange.isTunnel) this.server.handler.bodyEnd?.(exchange, undefined, undefined);
    else if (this.#phase === Phase.body || !this.server.settings.answersHalfClosed) exchange.abort("client-gone");
  }

  expired(): void {
    this.#closes = true;
    if (this.#exchange !== undefined) this.#exchange.failFor("client-stalled", 408);
    else if (this.#phase === Phase.head && this.#head.hasBegun) {
      this.#answerItself(408, "head-timeout", undefined, "header-timeout");
    } else this.#close(this.#phase === Phase.head ? "header-timeout" : "keep-alive");
  }

  /** The server stops: the answer in progress is the last one. */
  shutdown(): void {
    this.#closes = true;
    if (this.#exchange === undefined && !this.#head.hasBegun) this.#close("shutdown");
  }

  closed(reason: CloseReason): void {
    this.#phase = Phase.closing;
    this.#gate.clear();
    this.#head.clear();
    const exchange = this.#exchange;
    exchange?.finish(exchange.isTunnel && isOrderly(reason) ? "answered" : outcomeOf(reason));
  }

  // ---- called by the exchange ---------------------------------------------------------------------------------------

  /** Returns whether the connection closes behind the answer whose head is being written. */
  closesAfter(status: number): boolean {
    // Without 100 it is not known whether the content will come (RFC 9110 §10.1.1).
    if (this.#awaitsContinue) this.#closes = true;
    // An error, while more of the request is still to come than will be read.
    if (status >= 400 && this.#body.exceeds(this.server.settings.maxDroppedBytes)) this.#closes = true;
    return this.#closes;
  }

  closeAfterAnswer(): void {
    this.#closes = true;
  }

  pauseBody(): void {
    if (this.#phase !== Phase.body && this.#phase !== Phase.tunnel) return;
    this.#time(Phase.answer, 0);
    this.#gate.pauseBody();
  }

  resumeBody(): void {
    if (!this.#gate.isBodyPaused) return;
    this.#gate.isBodyPaused = false;
    this.#sendContinue();
    if (!this.#isReading) this.#settle();
  }

  beginTunnel(): void {
    this.#phase = Phase.tunnel;
    this.#readKept();
    if (this.#clientFinished) this.clientFinished();
  }

  endTunnel(): void {
    this.server.output.flush();
    this.connection.end();
  }

  /** Goes on with the next request, or ends the connection. */
  ended(exchange: Http1Exchange<unknown>): void {
    this.#exchange = undefined;
    this.#awaitsContinue = false;
    this.#gate.isBodyPaused = false;
    if (this.#phase !== Phase.closing) {
      if (this.#closes || this.#phase === Phase.tunnel)
        this.#close(this.#closeReason ?? closeReasonOf(exchange.outcome));
      else this.#phase = this.#body.isWhole ? Phase.idle : Phase.dropping;
    }
    if (!exchange.isOwn) this.server.handler.finished?.(exchange);
    this.#readKept(exchange.endedMs);
  }

  reset(outcome: Outcome): void {
    this.server.output.flush();
    this.connection.reset(closeReasonOf(outcome));
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  /** Reads requests until one must be waited for. @returns where it stopped */
  #read(bytes: Uint8Array, from: number, to: number): number {
    const { output } = this.server;
    const wasGathering = output.isGathering;
    let at = from;
    this.#isReading = true;
    output.isGathering = true;
    try {
      while (at < to && this.#phase !== Phase.answer) {
        // While a client reads no answers, no further ones are made for it.
        if (this.#phase <= Phase.head && this.connection.full) break;
        at = this.#readPart(bytes, at, to);
      }
    } catch (error) {
      this.#handlerFailed(error);
      at = to;
    }
    this.#isReading = false;
    output.isGathering = wasGathering;
    output.flush();
    return at;
  }

  #readPart(bytes: Uint8Array, at: number, to: number): number {
    switch (this.#phase) {
      case Phase.idle:
      case Phase.head:
        return this.#readHead(bytes, at, to);
      case Phase.body:
        return this.#readBody(this.#exchange!, bytes, at, to);
      case Phase.dropping:
        return this.#drop(bytes, at, to);
      case Phase.tunnel:
        this.#exchange!.takesBody(to - at);
        this.server.handler.body?.(this.#exchange!, viewOf(bytes, at, to));
        return to;
      default:
        return to;
    }
  }

  #readHead(bytes: Uint8Array, at: number, to: number): number {
    const { server } = this;
    const reader = this.#head;
    this.#phase = Phase.head;
    const end = reader.read(server.head, bytes, at, to, server.limits);
    if (reader.status > 0) this.#answerItself(reader.status, reader.refusal!, detailOf(reader.refusal), "bad-request");
    else if (reader.isComplete) this.#request(end < to);
    return end;
  }

  #request(bodyFollows: boolean): void {
    const { head, handler } = this.server;
    const { bytes } = this.#head;
    const exchange = openExchange(this, head, bytes);
    const { hasBody } = exchange;
    // RFC 9112 §9.3
    if (head.wantsClose || (head.version === 10 && !head.wantsKeepAlive)) this.#closes = true;
    this.#body.begin(head);
    this.#exchange = exchange;
    this.#phase = hasBody ? Phase.body : Phase.answer;
    this.#awaitsContinue = hasBody && head.expectsContinue && !bodyFollows;
    exchange.bodyFollows = hasBody && bodyFollows;
    this.#head.clear();
    if (exchange.isOwn) this.#answerServerWide(exchange);
    else handler.request(exchange, head, bytes);
    exchange.bodyFollows = false;
    if (!this.#gate.isBodyPaused) this.#sendContinue();
  }

  #readBody(exchange: Http1Exchange<unknown>, bytes: Uint8Array, at: number, to: number): number {
    const { handler } = this.server;
    this.#awaitsContinue = false;
    const end = this.#body.deliver(exchange, handler, bytes, at, to);
    if (end < 0) {
      this.#closes = true;
      const isBroken = end === -1;
      this.#logRejected(isBroken ? (this.#body.refusal ?? "bad-body") : "body-too-large", isBroken ? 400 : 413);
      if (isBroken) exchange.failFor("bad-body", 400, detailOf(this.#body.refusal));
      else exchange.failFor("aborted", 413);
      return to;
    }
    if (this.#body.isWhole && this.#exchange === exchange) {
      this.#phase = Phase.answer;
      // Nothing is left to pause, and a paused connection does not see its client go.
      this.#gate.isBodyPaused = false;
      this.#body.end(exchange, handler);
    }
    return end;
  }

  #drop(bytes: Uint8Array, at: number, to: number): number {
    const end = this.#body.drop(bytes, at, to, this.server.settings.maxDroppedBytes);
    if (end < 0) this.#close("handler");
    else if (this.#body.isWhole) this.#phase = Phase.idle;
    return end < 0 ? to : end;
  }

  /** Reads what waited for its turn. */
  #readKept(nowMs?: number): void {
    const gate = this.#gate;
    if (this.#isReading) return;
    if (!gate.isEmpty) {
      const end = this.#read(gate.bytes, gate.from, gate.bytes.length);
      if (!gate.isEmpty) gate.from = end;
      this.#settle();
    } else this.#settle(nowMs);
  }

  /** After reading, or an answer: sets the deadline of the phase, lets reading go on, or ends the connection. */
  #settle(nowMs?: number): void {
    const phase = this.#phase;
    if (this.connection.closed || phase === Phase.closing) return;
    if (this.#clientFinished && this.#exchange === undefined && this.#gate.isEmpty) {
      this.#close("peer");
      return;
    }
    const { settings } = this.server;
    if (phase === Phase.idle) this.#time(phase, settings.keepAliveMs, nowMs);
    else if (phase === Phase.body) {
      if (!this.#gate.isBodyPaused) this.#time(phase, settings.bodyTimeoutMs);
    } else if (phase !== this.#timedPhase) {
      const isDropping = phase === Phase.dropping;
      this.#time(phase, phase === Phase.head ? settings.headTimeoutMs : isDropping ? settings.lingerMs : 0);
    }
    this.#gate.settle();
  }

  #time(phase: number, ms: number, nowMs?: number): void {
    this.#timedPhase = phase;
    this.connection.deadline(ms, nowMs);
  }

  #sendContinue(): void {
    if (!this.#awaitsContinue || this.#exchange === undefined || this.#exchange.hasSentHead) return;
    this.#awaitsContinue = false;
    this.server.output.join(this.connection, CONTINUE, 0, CONTINUE.length);
    this.server.output.settle();
  }

  // ---- ends ---------------------------------------------------------------------------------------------------------

  /** Sends a FIN behind what waits, and drops what the client still sends, for a while. */
  #close(reason: CloseReason): void {
    if (this.#phase === Phase.closing) return;
    this.#phase = Phase.closing;
    this.#gate.clear();
    this.server.output.flush();
    this.connection.deadline(0);
    this.connection.finish(this.server.settings.lingerMs, reason);
  }

  #handlerFailed(error: unknown): void {
    logHandlerFailed(error);
    this.#closes = true;
    if (this.#exchange === undefined) this.#close("handler-error");
    else this.#exchange.failFor("failed", 500);
  }

  #logRejected(reason: string, status: number): void {
    logRejected(reason, { status, address: this.connection.remoteAddress });
  }

  /** Answers what never became an exchange of the handler, and closes. */
  #answerItself(status: number, why: string, detail: string | undefined, reason: CloseReason): void {
    const exchange = new Http1Exchange<unknown>(this, undefined, true);
    this.#exchange = exchange;
    this.#closes = true;
    this.#closeReason = reason;
    this.#logRejected(why, status);
    exchange.fail(status, detail);
    this.server.handler.answeredItself?.(this, status, why);
  }

  /** RFC 9110 §9.3.7: a question about the server as a whole, which is no service's. */
  #answerServerWide(exchange: Http1Exchange<unknown>): void {
    exchange.begin(204);
    exchange.sendHead(0);
    exchange.end();
    this.server.handler.answeredItself?.(this, 204, "options");
  }
}

function detailOf(refusal: string | undefined): string | undefined {
  return refusal && `The request was refused: ${refusal.replaceAll("-", " ")}.`;
}
