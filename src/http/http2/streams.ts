import { FIELD_STRIDE, FieldName, latin1, Method } from "../../wire/http1/mod.ts";
import {
  ErrorCode,
  FrameFlag,
  FrameType,
  HpackDecoder,
  MALFORMED_MESSAGE,
  MAX_WINDOW_BYTES,
  readRequestSection,
  readTrailerSection,
} from "../../wire/http2/mod.ts";
import { errorFormat } from "../error-page.ts";
import { BodyFraming, type Outcome } from "../exchange.ts";
import type { Budget } from "./budget.ts";
import { ConnectionError, type Http2Rejection, protocolError, streamClosed, tooMany } from "./connection-error.ts";
import { Http2Exchange } from "./exchange.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { Http2Session } from "./session.ts";
import type { SessionStreams } from "./session-base.ts";
import { StreamTable } from "./stream-table.ts";

/** Streams we reset lately, on which frames may still be on their way. */
const RECENT_RESETS = 64;
const ASTERISK = 0x2a;

/**
 * The streams of a connection: requests and their content come in, and find their exchange.
 *
 * ```text
 *   field block ─► decoder ─► request ─► a new exchange ─► handler
 *                     └─────► trailers ─┐
 *   DATA ─► windows ─► its exchange ◄───┘          none: closed, reset, or never opened
 * ```
 */
export class Http2Streams implements SessionStreams {
  readonly #session: Http2Session;
  readonly #decoder = new HpackDecoder();
  readonly #open = new StreamTable<Http2Exchange<unknown>>();
  readonly #resets: Budget;
  /** Streams that were reset on our side, as a ring. */
  readonly #recentResets = new Int32Array(RECENT_RESETS);
  #resetCount = 0;
  readonly #window: ReceiveWindow;
  /** The DATA frame in progress: its stream; undefined where its content is dropped. */
  #dataStream: Http2Exchange<unknown> | undefined;
  lastId = 0;
  /** New streams are not served: the client was told so by GOAWAY. */
  isClosed = false;
  /** When the last exchange ended. */
  idleSinceMs: number;

  constructor(session: Http2Session, resets: Budget) {
    this.#session = session;
    this.#resets = resets;
    this.#window = new ReceiveWindow(session.server.settings.connectionWindowBytes);
    this.idleSinceMs = session.nowMs;
  }

  get count(): number {
    return this.#open.size;
  }

  all(): Http2Exchange<unknown>[] {
    return this.#open.all();
  }

  isIdle(streamId: number): boolean {
    return streamId > this.lastId && !this.isClosed;
  }

  // ---- heads ---------------------------------------------------------------------------------------------------------

  fieldBlock(streamId: number, flags: number, bytes: Uint8Array, from: number, to: number): void {
    const { section, settings } = this.#session.server;
    if (to - from > 2 * settings.maxHeadBytes)
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "head-size", `a head of ${to - from} bytes`);
    // Also of streams that are not served: both tables must stay the same.
    if (!this.#decoder.decode(bytes, from, to, section))
      throw new ConnectionError(ErrorCode.compressionError, "compression", "a field block that cannot be decoded");
    const isEnd = (flags & FrameFlag.endStream) !== 0;
    const exchange = this.#open.get(streamId);
    if (exchange !== undefined) this.#trailers(exchange, isEnd);
    else if (streamId > this.lastId) this.#request(streamId, isEnd, to - from);
    else if (!this.#wasReset(streamId)) throw streamClosed("HEADERS");
  }

  #request(streamId: number, isEnd: boolean, blockBytes: number): void {
    if (this.isClosed) return;
    this.lastId = streamId;
    const { head, section, pseudo, settings } = this.#session.server;
    if (this.#open.size >= settings.maxConcurrentStreams) {
      this.reject(streamId, ErrorCode.refusedStream, "streams");
      return;
    }
    const verdict = readRequestSection(section, head, pseudo);
    if (verdict === MALFORMED_MESSAGE || (verdict === 0 && isEnd && head.contentLength > 0)) {
      this.reject(streamId, ErrorCode.protocolError, "malformed");
      return;
    }
    const isServerWide = head.method === Method.options && section.bytes[head.targetStart] === ASTERISK;
    const exchange = new Http2Exchange<unknown>(this.#session, streamId, verdict !== 0 || isServerWide);
    this.#open.add(exchange);
    exchange.isRequestWhole = isEnd;
    exchange.requestHeadBytes = blockBytes;
    exchange.isHead = head.method === Method.head;
    if (verdict !== 0) this.#answerItself(exchange, -verdict, head.refusal ?? "head-too-long");
    else if (isServerWide) this.#answerOptions(exchange);
    else this.#start(exchange, isEnd);
  }

  #start(exchange: Http2Exchange<unknown>, isEnd: boolean): void {
    const { head, section, pseudo, settings } = this.#session.server;
    const { protocolStart, protocolEnd } = pseudo;
    if (protocolEnd > protocolStart) exchange.upgrade = latin1(section.bytes, protocolStart, protocolEnd).toLowerCase();
    else exchange.hasBody = !isEnd;
    exchange.bodyFollows = exchange.hasBody && this.#session.contentFollows(exchange.id);
    exchange.expect(head.contentLength, settings.maxBodyBytes);
    const accept = head.at(FieldName.accept) * FIELD_STRIDE;
    if (accept >= 0)
      exchange.errorFormat = errorFormat(section.bytes, head.fields[accept + 2]!, head.fields[accept + 3]!);
    exchange.start(head, section.bytes);
  }

  #answerItself(exchange: Http2Exchange<unknown>, status: number, reason: string): void {
    exchange.fail(status);
    this.#session.server.handler.answeredItself?.(this.#session, status, reason);
  }

  #answerOptions(exchange: Http2Exchange<unknown>): void {
    exchange.begin(204);
    exchange.sendHead(BodyFraming.none);
    exchange.end();
    this.#session.server.handler.answeredItself?.(this.#session, 204, "options");
  }

  #trailers(exchange: Http2Exchange<unknown>, isEnd: boolean): void {
    const { head, section } = this.#session.server;
    if (exchange.isRequestWhole) throw streamClosed("HEADERS");
    if (!isEnd || readTrailerSection(section, head) !== 0) this.malformed(exchange);
    else {
      exchange.receiveEnd(head, section.bytes);
      if (exchange.isDone) this.leave(exchange);
    }
  }

  // ---- content -------------------------------------------------------------------------------------------------------

  dataBegins(streamId: number, length: number): void {
    if (streamId === 0 || this.isIdle(streamId)) throw protocolError("DATA on a stream that was not opened");
    if (!this.#window.receive(length))
      throw new ConnectionError(
        ErrorCode.flowControlError,
        "flow-control",
        "more content than the connection's window",
      );
    const exchange = this.#open.get(streamId);
    this.#dataStream = exchange;
    if (exchange === undefined) {
      if (streamId <= this.lastId && !this.#wasReset(streamId))
        this.reject(streamId, ErrorCode.streamClosed, "protocol");
    } else if (exchange.isRequestWhole) this.streamError(exchange, ErrorCode.streamClosed, "protocol");
    else if (!exchange.window.receive(length)) this.streamError(exchange, ErrorCode.flowControlError, "flow-control");
  }

  dataPart(bytes: Uint8Array, from: number, to: number): void {
    const exchange = this.#dataStream;
    if (exchange !== undefined && !exchange.isDone) {
      exchange.receive(bytes, from, to);
      return;
    }
    this.#giveBack(to - from);
    if (exchange !== undefined && this.#open.get(exchange.id) === exchange) exchange.drop(to - from);
  }

  dataEnds(flags: number): void {
    const exchange = this.#dataStream;
    this.#dataStream = undefined;
    if (exchange === undefined || this.#open.get(exchange.id) !== exchange) return;
    if ((flags & FrameFlag.endStream) !== 0) {
      exchange.receiveEnd();
      if (exchange.isDone) this.leave(exchange);
    }
    // The client sends on what nobody wants: its window is not opened again, and here it learns why.
    else if (exchange.isDone && exchange.window.isHalfUsed) this.forget(exchange);
  }

  /** Padding is nobody's to keep. */
  dropPadding(bytes: number): void {
    if (this.#dataStream === undefined) this.#giveBack(bytes);
    else this.giveBack(this.#dataStream, bytes);
  }

  /** Content was taken: the client may send as much again. */
  giveBack(exchange: Http2Exchange<unknown>, bytes: number): void {
    this.#giveBack(bytes);
    if (exchange.isRequestWhole || exchange.isDone) return;
    const increment = exchange.window.take(bytes);
    if (increment > 0) this.#session.sender.number(FrameType.windowUpdate, exchange.id, increment);
  }

  #giveBack(bytes: number): void {
    const increment = this.#window.take(bytes);
    if (increment > 0) this.#session.sender.number(FrameType.windowUpdate, 0, increment);
  }

  /** The client lets us send more of an answer. */
  open(streamId: number, increment: number): void {
    const exchange = this.#open.get(streamId);
    if (exchange === undefined) return;
    exchange.sendWindow += increment;
    if (exchange.sendWindow > MAX_WINDOW_BYTES) this.streamError(exchange, ErrorCode.flowControlError, "flow-control");
    else while (this.#session.sender.pumpOne(exchange));
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE changed by so much (RFC 9113 §6.9.2). */
  moveWindows(change: number): void {
    for (const exchange of this.#open.all()) {
      exchange.sendWindow += change;
      if (exchange.sendWindow > MAX_WINDOW_BYTES)
        throw new ConnectionError(ErrorCode.flowControlError, "flow-control", "a stream's window overflows");
    }
    this.#session.sender.pump();
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------

  /** Opening and resetting streams costs us more than the client (CVE-2023-44487). */
  resetByPeer(streamId: number): void {
    if (!this.#resets.take(this.#session.nowMs)) throw tooMany("resets", "RST_STREAM");
    const exchange = this.#open.get(streamId);
    if (exchange === undefined) return;
    exchange.isRequestWhole = true;
    exchange.finish("client-gone");
    this.leave(exchange);
  }

  /** Resets a stream by the client's fault, which it may cause without end (CVE-2025-8671). */
  reject(streamId: number, code: ErrorCode, rejection: Http2Rejection): void {
    const { server, connection, nowMs } = this.#session;
    server.reject(rejection, connection, `stream ${streamId}`);
    if (!this.#resets.take(nowMs)) throw tooMany("resets", "streams that must be reset");
    this.reset(streamId, code);
  }

  wrongFrame(streamId: number, code: ErrorCode, rejection: Http2Rejection): void {
    const exchange = this.#open.get(streamId);
    if (exchange !== undefined) this.streamError(exchange, code, rejection);
    else this.reject(streamId, code, rejection);
  }

  malformed(exchange: Http2Exchange<unknown>): void {
    this.streamError(exchange, ErrorCode.protocolError, "malformed");
  }

  /** Resets a stream on which the client broke a rule. */
  streamError(exchange: Http2Exchange<unknown>, code: ErrorCode, rejection: Http2Rejection): void {
    this.reject(exchange.id, code, rejection);
    exchange.isRequestWhole = true;
    exchange.finish("bad-body");
    this.leave(exchange);
  }

  /** Nothing that the client still sends on the stream is wanted. */
  reset(streamId: number, code: ErrorCode): void {
    this.#recentResets[this.#resetCount++ % RECENT_RESETS] = streamId;
    this.#session.sender.number(FrameType.rstStream, streamId, code);
    this.#open.delete(streamId);
  }

  #wasReset(streamId: number): boolean {
    return this.#recentResets.includes(streamId);
  }

  /** Ends the stream of an exchange that has ended, whose request has not. */
  forget(exchange: Http2Exchange<unknown>): void {
    this.reset(exchange.id, ErrorCode.noError);
    this.leave(exchange);
  }

  /** The exchange has ended; its stream is open as long as the client's side is. */
  ended(exchange: Http2Exchange<unknown>): void {
    this.#session.sender.leave(exchange);
    if (exchange.isRequestWhole) this.leave(exchange);
  }

  leave(exchange: Http2Exchange<unknown>): void {
    this.#open.delete(exchange.id);
    if (this.#open.size > 0) return;
    this.idleSinceMs = this.#session.clockMs;
    this.#session.idle();
  }

  /** The connection is over. */
  endAll(outcome: Outcome): void {
    this.isClosed = true;
    for (const exchange of this.all()) {
      exchange.isRequestWhole = true;
      exchange.finish(outcome);
    }
  }
}
