import { type CloseReason, type Connection, logHandlerFailed } from "../../net/mod.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  encodeSettings,
  FrameFlag,
  FrameType,
  MAX_WINDOW_BYTES,
  readUint31,
  SettingId,
} from "../../wire/http2/mod.ts";
import type { ClientConnection } from "../exchange.ts";
import { outcomeOf } from "../outcome-of.ts";
import { Budget } from "./budget.ts";
import { ConnectionError, frameSizeError, type Http2Rejection, protocolError, tooMany } from "./connection-error.ts";
import type { Http2Exchange } from "./exchange.ts";
import { FieldBlock } from "./field-block.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { Http2Sender } from "./sender.ts";
import type { Http2Server } from "./server.ts";
import { Http2Streams } from "./streams.ts";

/** An increment below this lets us send a frame that is mostly header. */
const SMALL_INCREMENT = 64;
const PRIORITY_BYTES = 5;
const MAX_LOOK_MS = 15_000;

/**
 * An HTTP/2 connection of a client.
 *
 * ```text
 *   bytes ─► FrameReader ─► frame, data… ─► Http2Streams ─► Http2Exchange ─► handler
 *                               │                                │
 *                               └─ SETTINGS, PING … ─► Http2Sender ─► one write at the end of the read or the turn
 * ```
 *
 * A rule that a client breaks ends its connection with GOAWAY (`ConnectionError`) or its stream with RST_STREAM (`streamError`).
 */
export class Http2Session implements ClientConnection, FrameSink {
  readonly connection: Connection<Http2Session>;
  readonly server: Http2Server;
  readonly isSecure: boolean;
  readonly serverName: string | undefined;
  data: unknown;
  readonly sender: Http2Sender;
  readonly streams: Http2Streams;
  readonly #reader: FrameReader;
  readonly #block: FieldBlock;
  readonly #pings: Budget;
  readonly #emptyFrames: Budget;
  readonly #openedMs: number;
  #hasSettings = false;
  /** The time of this read, on the clock of `performance.now()`. */
  nowMs: number;
  /** After a last GOAWAY: nothing is read any more. */
  isClosing = false;

  constructor(connection: Connection<Http2Session>, server: Http2Server) {
    this.connection = connection;
    this.server = server;
    this.isSecure = connection.tls !== undefined;
    this.serverName = connection.tls?.serverName;
    const { settings } = server;
    this.nowMs = this.#openedMs = performance.now();
    this.sender = new Http2Sender(connection as unknown as Connection<never>, server);
    this.streams = new Http2Streams(this, new Budget(settings.resetBurst, settings.resetsPerSecond));
    this.#reader = new FrameReader(this, DEFAULT_MAX_FRAME_BYTES);
    this.#block = new FieldBlock(settings.maxContinuations, 2 * settings.maxHeadBytes);
    this.#pings = new Budget(settings.pingBurst, settings.pingsPerSecond);
    this.#emptyFrames = new Budget(settings.emptyFrameBurst, settings.emptyFramesPerSecond);
    this.#greet();
    connection.deadline(this.#lookMs);
  }

  /** The time, read once for all that comes together. */
  get clockMs(): number {
    return this.sender.isReading ? this.nowMs : performance.now();
  }

  /** Whether the next frame was read together with this one, and is content of that stream. */
  contentFollows(streamId: number): boolean {
    return this.#reader.contentFollows(streamId);
  }

  /** Sends our SETTINGS, and opens the connection's window, which they do not set (RFC 9113 §6.9.2). */
  #greet(): void {
    const { settings } = this.server;
    const payload = encodeSettings([
      [SettingId.maxConcurrentStreams, settings.maxConcurrentStreams],
      [SettingId.initialWindowSize, settings.streamWindowBytes],
      [SettingId.maxHeaderListSize, settings.maxHeadBytes],
      [SettingId.enableConnectProtocol, 1],
    ]);
    this.sender.output.add(FrameType.settings, 0, 0, payload, 0, payload.length);
    const more = settings.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.sender.number(FrameType.windowUpdate, 0, more);
    this.sender.flush();
  }

  // ---- events of the connection -------------------------------------------------------------------------------------

  received(bytes: Uint8Array): void {
    if (this.isClosing) return;
    const { sender } = this;
    this.nowMs = performance.now();
    sender.isReading = true;
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.#failed(error);
    }
    sender.isReading = false;
    sender.flush();
  }

  drained(): void {
    this.nowMs = performance.now();
    this.sender.pump();
    this.sender.flush();
  }

  clientFinished(): void {
    this.streams.endAll("client-gone");
    this.sender.flush();
    this.connection.end();
  }

  shutdown(): void {
    if (this.streams.isClosed) return;
    this.streams.isClosed = true;
    this.sender.goAway(this.streams.lastId, ErrorCode.noError);
    this.sender.flush();
    this.idle();
  }

  /** The last exchange has ended. */
  idle(): void {
    if (this.streams.isClosed && !this.isClosing && this.streams.count === 0) this.#finish("shutdown");
  }

  closed(reason: CloseReason): void {
    this.isClosing = true;
    this.streams.endAll(outcomeOf(reason));
  }

  /** Looks now and then at what has stalled: a deadline for each stream would cost more. */
  expired(): void {
    if (this.isClosing) return;
    this.nowMs = performance.now();
    const { headTimeoutMs, keepAliveMs } = this.server.settings;
    const beganMs = this.#hasSettings ? this.#block.beganMs : this.#openedMs;
    const isUnfinished = !this.#hasSettings || this.#block.streamId !== 0;
    if (isUnfinished && this.nowMs - beganMs >= headTimeoutMs) {
      this.#goAway(ErrorCode.enhanceYourCalm, "head-timeout", "the preface or a head does not end");
      return;
    }
    for (const exchange of this.streams.all()) this.#checkStream(exchange);
    if (this.streams.count === 0 && this.nowMs - this.streams.idleSinceMs >= keepAliveMs) {
      this.sender.goAway(this.streams.lastId, ErrorCode.noError);
      this.#finish("keep-alive");
      return;
    }
    this.sender.flush();
    this.connection.deadline(this.#lookMs);
  }

  get #lookMs(): number {
    const { headTimeoutMs, stallTimeoutMs, keepAliveMs } = this.server.settings;
    return Math.min(MAX_LOOK_MS, Math.max(1, Math.min(headTimeoutMs, stallTimeoutMs, keepAliveMs) / 4));
  }

  #checkStream(exchange: Http2Exchange<unknown>): void {
    const sinceMs = this.nowMs - this.server.settings.stallTimeoutMs;
    if (exchange.isDone) {
      if (exchange.endedMs <= sinceMs) this.streams.forget(exchange);
      return;
    }
    const isStalled = exchange.queuedBytes > 0 && exchange.progressMs <= sinceMs;
    if (!isStalled && !(exchange.awaitsClient && exchange.receivedMs <= sinceMs)) return;
    this.server.reject("stalled", this.connection, isStalled ? "no window for an answer" : "no content of a request");
    exchange.failFor("client-stalled", 408);
  }

  // ---- frames --------------------------------------------------------------------------------------------------------

  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    this.#checkOrder(type, streamId);
    switch (type) {
      case FrameType.data:
        this.#paddedData(flags, streamId, bytes, from, to);
        break;
      case FrameType.headers:
        this.#headers(flags, streamId, bytes, from, to);
        break;
      case FrameType.priority:
        this.#priority(streamId, bytes, from, to);
        break;
      case FrameType.rstStream:
        if (streamId === 0 || this.streams.isIdle(streamId))
          throw protocolError("RST_STREAM on a stream that was not opened");
        if (to - from !== 4) throw frameSizeError("RST_STREAM");
        this.streams.resetByClient(streamId);
        break;
      case FrameType.settings:
        this.#settings(flags, streamId, bytes, from, to);
        break;
      case FrameType.pushPromise:
        throw protocolError("PUSH_PROMISE");
      case FrameType.ping:
        this.#ping(flags, streamId, bytes, from, to);
        break;
      case FrameType.goAway:
        if (streamId !== 0) throw protocolError("GOAWAY on a stream");
        break;
      case FrameType.windowUpdate:
        this.#windowUpdate(streamId, bytes, from, to);
        break;
      case FrameType.continuation:
        this.#continuation(flags, bytes, from, to);
        break;
    }
  }

  #checkOrder(type: number, streamId: number): void {
    if (this.#block.streamId !== 0 && (type !== FrameType.continuation || streamId !== this.#block.streamId))
      throw protocolError("a frame between HEADERS and CONTINUATION");
    if (!this.#hasSettings && type !== FrameType.settings) throw protocolError("no SETTINGS first");
  }

  #headers(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if ((streamId & 1) === 0) throw protocolError("HEADERS on a stream that is not a client's");
    let start = from;
    let end = to;
    if ((flags & FrameFlag.padded) !== 0) end -= bytes[start++]!;
    if ((flags & FrameFlag.priority) !== 0) {
      if (end - start < PRIORITY_BYTES) throw frameSizeError("HEADERS");
      if (readUint31(bytes, start) === streamId) throw protocolError("a stream that depends on itself");
      start += PRIORITY_BYTES;
    }
    if (end < start) throw protocolError("more padding than payload");
    if ((flags & FrameFlag.endHeaders) !== 0) this.streams.fieldBlock(streamId, flags, bytes, start, end);
    else this.#block.begin(streamId, flags, this.nowMs, bytes, start, end);
  }

  #continuation(endFlags: number, frame: Uint8Array, from: number, to: number): void {
    const block = this.#block;
    if (block.streamId === 0) throw protocolError("CONTINUATION without HEADERS");
    block.add(frame, from, to);
    if ((endFlags & FrameFlag.endHeaders) === 0) return;
    const { streamId, flags, bytes, length } = block;
    block.clear();
    this.streams.fieldBlock(streamId, flags, bytes, 0, length);
  }

  dataBegins(streamId: number, flags: number, length: number): void {
    this.#checkOrder(FrameType.data, streamId);
    const isEmpty = length === 0 && (flags & FrameFlag.endStream) === 0;
    if (isEmpty && !this.#emptyFrames.take(this.nowMs)) throw tooMany("empty-frames", "empty DATA");
    this.streams.dataBegins(streamId, length);
  }
  dataPart(bytes: Uint8Array, from: number, to: number): void {
    this.streams.dataPart(bytes, from, to);
  }
  dataEnds(flags: number): void {
    this.streams.dataEnds(flags);
  }

  #paddedData(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (from === to) throw frameSizeError("DATA");
    const start = from + 1;
    const end = to - bytes[from]!;
    if (end < start) throw protocolError("more padding than payload");
    // Padding alone is as empty as nothing.
    const isEmpty = start === end && (flags & FrameFlag.endStream) === 0;
    if (isEmpty && !this.#emptyFrames.take(this.nowMs)) throw tooMany("empty-frames", "DATA of padding");
    this.streams.dataBegins(streamId, to - from);
    this.streams.dropPadding(to - from - (end - start));
    if (end > start) this.streams.dataPart(bytes, start, end);
    this.streams.dataEnds(flags);
  }

  #priority(streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (streamId === 0) throw protocolError("PRIORITY on no stream");
    if (to - from !== PRIORITY_BYTES) this.#frameError(streamId, ErrorCode.frameSizeError, "frame-size");
    else if (readUint31(bytes, from) === streamId) this.#frameError(streamId, ErrorCode.protocolError, "protocol");
  }

  #settings(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (streamId !== 0) throw protocolError("SETTINGS on a stream");
    if ((flags & FrameFlag.ack) !== 0) {
      if (to > from) throw frameSizeError("SETTINGS");
      return;
    }
    if (!this.#pings.take(this.nowMs)) throw tooMany("pings", "SETTINGS");
    this.#hasSettings = true;
    const { peer, encoder, output } = this.sender;
    const windowBytes = peer.initialWindowBytes;
    const error = peer.apply(bytes, from, to);
    if (error !== ErrorCode.noError) {
      const rejection = error === ErrorCode.flowControlError ? "flow-control" : "protocol";
      throw new ConnectionError(error, rejection, "SETTINGS with an invalid value");
    }
    encoder.limitTable(peer.headerTableBytes);
    // The acknowledgement comes before what the new windows let go.
    output.frame(0, FrameType.settings, FrameFlag.ack, 0);
    if (peer.initialWindowBytes !== windowBytes) this.streams.moveWindows(peer.initialWindowBytes - windowBytes);
  }

  #ping(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (streamId !== 0) throw protocolError("PING on a stream");
    if (to - from !== 8) throw frameSizeError("PING");
    if ((flags & FrameFlag.ack) !== 0) return;
    if (!this.#pings.take(this.nowMs)) throw tooMany("pings", "PING");
    this.sender.output.add(FrameType.ping, FrameFlag.ack, 0, bytes, from, to);
  }

  #windowUpdate(streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (to - from !== 4) throw frameSizeError("WINDOW_UPDATE");
    const increment = readUint31(bytes, from);
    if (increment < SMALL_INCREMENT && !this.#emptyFrames.take(this.nowMs))
      throw tooMany("empty-frames", "small WINDOW_UPDATE");
    if (streamId !== 0) {
      if (this.streams.isIdle(streamId)) throw protocolError("WINDOW_UPDATE on a stream that was not opened");
      if (increment === 0) this.#frameError(streamId, ErrorCode.protocolError, "protocol");
      else this.streams.open(streamId, increment);
      return;
    }
    if (increment === 0) throw protocolError("WINDOW_UPDATE of nothing");
    this.sender.window += increment;
    if (this.sender.window > MAX_WINDOW_BYTES)
      throw new ConnectionError(ErrorCode.flowControlError, "flow-control", "the connection's window overflows");
    this.sender.pump();
  }

  /** Resets the stream of a wrong frame, whether there is one or not. */
  #frameError(streamId: number, code: ErrorCode, rejection: Http2Rejection): void {
    const exchange = this.streams.get(streamId);
    if (exchange !== undefined) this.streams.streamError(exchange, code, rejection);
    else this.streams.reject(streamId, code, rejection);
  }

  // ---- the end -------------------------------------------------------------------------------------------------------

  #failed(error: unknown): void {
    if (error instanceof ConnectionError) this.#goAway(error.code, error.rejection, error.message);
    else {
      logHandlerFailed(error);
      this.connection.reset("handler-error");
    }
  }

  #goAway(code: ErrorCode, rejection: Http2Rejection, detail: string): void {
    if (this.isClosing) return;
    this.server.reject(rejection, this.connection, detail);
    this.sender.goAway(this.streams.lastId, code);
    this.#finish("http2-error");
  }

  #finish(reason: CloseReason): void {
    this.isClosing = true;
    this.streams.endAll("aborted");
    this.sender.flush();
    this.connection.finish(this.server.settings.lingerMs, reason);
  }
}
