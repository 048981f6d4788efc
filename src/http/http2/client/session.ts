import { type CloseReason, type Connection, logHandlerFailed } from "../../../net/mod.ts";
import { readRequest } from "../../../wire/http1/mod.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  encodeSettings,
  FrameFlag,
  FrameType,
  MAX_WINDOW_BYTES,
  PREFACE,
  readUint31,
  readUint32,
  SettingId,
} from "../../../wire/http2/mod.ts";
import { Budget } from "../budget.ts";
import { ConnectionError, flowError, frameSizeError, protocolError, tooMany } from "../connection-error.ts";
import { FieldBlock } from "../field-block.ts";
import { FrameReader, type FrameSink } from "../frame-reader.ts";
import { Http2Sender } from "../sender.ts";
import type { ClientStream } from "./stream.ts";
import { ClientStreams } from "./streams.ts";
import type { Http2Target } from "./target.ts";

const _MAX_STREAM_ID = 0x7fffffff;
const PRIORITY_BYTES = 5;
/** Before a target says how many streams it takes, as many as it is asked to take at least (RFC 9113 §6.5.2). */
const FIRST_STREAMS = 100;
const REQUEST_LIMITS = { maxBytes: 262_144, maxTargetBytes: 65_536 };
/** PING and SETTINGS of a target, which are answered; and frames that carry nothing. */
const PINGS = { burst: 200, perSecond: 10 };
const EMPTY_FRAMES = { burst: 1000, perSecond: 100 };

/** A connection to a target that speaks HTTP/2, with as many requests at a time as the target allows. */
export class ClientSession implements FrameSink {
  readonly connection: Connection<ClientSession>;
  readonly sender: Http2Sender;
  isClosing = false;
  /** The target takes no new streams. */
  isLeaving = false;
  /** It carried a request. */
  wasUsed = false;
  readonly #target: Http2Target;
  readonly #reader: FrameReader;
  readonly #block: FieldBlock;
  readonly #streams: ClientStreams;
  readonly #pings = new Budget(PINGS.burst, PINGS.perSecond);
  readonly #emptyFrames = new Budget(EMPTY_FRAMES.burst, EMPTY_FRAMES.perSecond);
  #hasSettings = false;
  /** The time of this read. */
  nowMs = 0;

  constructor(connection: Connection<ClientSession>, target: Http2Target) {
    this.connection = connection;
    this.#target = target;
    const { settings } = target;
    this.sender = new Http2Sender(connection as unknown as Connection<never>, target);
    this.#reader = new FrameReader(this, DEFAULT_MAX_FRAME_BYTES, false);
    this.#block = new FieldBlock(settings.maxContinuations, 2 * settings.maxHeadBytes);
    this.#streams = new ClientStreams(this, target);
    connection.write(PREFACE);
    const payload = encodeSettings([
      [SettingId.enablePush, 0],
      [SettingId.initialWindowSize, settings.streamWindowBytes],
      [SettingId.maxHeaderListSize, settings.maxHeadBytes],
    ]);
    this.sender.output.add(FrameType.settings, 0, 0, payload, 0, payload.length);
    const more = settings.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.sender.number(FrameType.windowUpdate, 0, more);
    this.sender.flush();
  }

  get count(): number {
    return this.#streams.count;
  }

  /** Whether it takes another request now. */
  get hasRoom(): boolean {
    const { maxConcurrentStreams } = this.sender.peer;
    const allowed = this.#hasSettings ? maxConcurrentStreams : FIRST_STREAMS;
    const limit = Math.min(allowed, this.#target.settings.maxStreams);
    return !this.isClosing && !this.isLeaving && !this.connection.closed && this.#streams.count < limit;
  }

  // ---- called by the target and its streams ----------------------------------------------------------------------------

  /**
   * Sends a request, of which `bytes[from, to)` are the head and perhaps the beginning of its content.
   *
   * @returns false where its head cannot be sent
   */
  begin(stream: ClientStream, bytes: Uint8Array, from: number, to: number): boolean {
    const { requestHead, writer, isSecure } = this.#target;
    const headBytes = readRequest(requestHead, bytes, from, to, REQUEST_LIMITS);
    const length =
      headBytes <= 0 ? -1 : writer.request(this.sender.encoder, requestHead, bytes, isSecure, stream.announcedBytes);
    if (length < 0) return false;
    stream.session = this;
    this.wasUsed = true;
    stream.sendWindow = this.sender.peer.initialWindowBytes;
    stream.receivedMs = performance.now();
    this.#streams.add(stream);
    if (this.#streams.areUsedUp) this.isLeaving = true;
    this.sender.head(stream.id, length);
    if (from + headBytes < to) stream.content(bytes.subarray(from + headBytes, to));
    stream.flushHeld();
    return true;
  }

  sendEnd(stream: ClientStream, trailers: Uint8Array | undefined): void {
    const length = trailers === undefined ? -1 : this.#target.writer.trailers(this.sender.encoder, trailers);
    if (length < 0) this.sender.end(stream.id);
    else this.sender.head(stream.id, length, FrameFlag.endStream);
  }

  giveBack(stream: ClientStream, bytes: number): void {
    this.#streams.giveBack(stream, bytes);
  }

  /** The stream is over on both sides. */
  leave(stream: ClientStream): void {
    if (!this.#streams.remove(stream)) return;
    if (this.isLeaving && this.#streams.count === 0) this.close("handler");
    else this.#target.hasRoom(this);
  }

  /** Resets a stream. */
  cancel(stream: ClientStream, code: ErrorCode = ErrorCode.cancel): void {
    if (!this.isClosing && this.#streams.has(stream)) this.sender.number(FrameType.rstStream, stream.id, code);
    this.leave(stream);
  }

  /** Ends the connection, with a GOAWAY that is no error. */
  close(reason: CloseReason): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.sender.goAway(0, ErrorCode.noError);
    this.sender.flush();
    this.connection.finish(undefined, reason);
  }

  checkTime(nowMs: number): void {
    this.#streams.checkTime(nowMs);
    const isIdle = this.#streams.count === 0 && nowMs - this.#streams.idleSinceMs >= this.#target.settings.keepMs;
    if (isIdle) this.close("handler");
  }

  // ---- events of the connection ----------------------------------------------------------------------------------------

  received(bytes: Uint8Array): void {
    if (this.isClosing) return;
    this.nowMs = performance.now();
    this.sender.isReading = true;
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.#failed(error);
    }
    this.sender.isReading = false;
    if (!this.connection.closed) this.sender.flush();
  }

  drained(): void {
    this.sender.pump();
    this.sender.flush();
  }

  closed(reason: CloseReason): void {
    this.isClosing = true;
    const isReset = reason === "reset" || reason === "system";
    this.#streams.failAll(isReset ? "reset" : "closed", "its connection ended before the answer was complete");
    this.#target.sessionClosed(this);
  }

  #failed(error: unknown): void {
    this.isClosing = true;
    if (!(error instanceof ConnectionError)) {
      logHandlerFailed(error);
      this.connection.reset("handler-error");
      return;
    }
    this.sender.goAway(0, error.code);
    this.sender.flush();
    this.#streams.failAll("bad-response", error.message);
    this.connection.finish(undefined, "http2-error");
  }

  // ---- frames ------------------------------------------------------------------------------------------------------------

  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    this.#checkOrder(type, streamId);
    switch (type) {
      case FrameType.data:
        this.#paddedData(flags, streamId, bytes, from, to);
        break;
      case FrameType.headers:
        this.#headers(flags, streamId, bytes, from, to);
        break;
      case FrameType.rstStream:
        if (to - from !== 4) throw frameSizeError("RST_STREAM");
        this.#streams.resetByTarget(streamId, readUint32(bytes, from));
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
        if (to - from < 8 || streamId !== 0) throw frameSizeError("GOAWAY");
        this.isLeaving = true;
        this.#streams.endAbove(readUint31(bytes, from), readUint32(bytes, from + 4));
        if (this.#streams.count === 0) this.close("handler");
        break;
      case FrameType.windowUpdate:
        if (to - from !== 4) throw frameSizeError("WINDOW_UPDATE");
        this.#windowUpdate(streamId, readUint31(bytes, from));
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
    let start = from;
    let end = to;
    if ((flags & FrameFlag.padded) !== 0) end -= bytes[start++]!;
    if ((flags & FrameFlag.priority) !== 0) start += PRIORITY_BYTES;
    if (end < start) throw protocolError("more padding than payload");
    if ((flags & FrameFlag.endHeaders) !== 0) this.#streams.fieldBlock(streamId, flags, bytes, start, end);
    else this.#block.begin(streamId, flags, this.nowMs, bytes, start, end);
  }

  #continuation(endFlags: number, frame: Uint8Array, from: number, to: number): void {
    const block = this.#block;
    if (block.streamId === 0) throw protocolError("CONTINUATION without HEADERS");
    block.add(frame, from, to);
    if ((endFlags & FrameFlag.endHeaders) === 0) return;
    const { streamId, flags, bytes, length } = block;
    block.clear();
    this.#streams.fieldBlock(streamId, flags, bytes, 0, length);
  }

  dataBegins(streamId: number, flags: number, length: number): void {
    this.#checkOrder(FrameType.data, streamId);
    if (length === 0 && (flags & FrameFlag.endStream) === 0 && !this.#emptyFrames.take(this.nowMs))
      throw tooMany("empty-frames", "empty DATA");
    this.#streams.dataBegins(streamId, length);
  }
  dataPart(bytes: Uint8Array, from: number, to: number): void {
    this.#streams.dataPart(bytes, from, to);
  }
  dataEnds(flags: number): void {
    this.#streams.dataEnds(flags);
  }

  #paddedData(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (from === to) throw frameSizeError("DATA");
    const end = to - bytes[from]!;
    if (end <= from) throw protocolError("more padding than payload");
    this.#streams.dataBegins(streamId, to - from);
    // Padding alone is as empty as nothing.
    if (end === from + 1 && (flags & FrameFlag.endStream) === 0 && !this.#emptyFrames.take(this.nowMs))
      throw tooMany("empty-frames", "DATA of padding");
    this.#streams.dropPadding(1 + bytes[from]!);
    if (end > from + 1) this.#streams.dataPart(bytes, from + 1, end);
    this.#streams.dataEnds(flags);
  }

  #settings(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (streamId !== 0) throw protocolError("SETTINGS on a stream");
    if ((flags & FrameFlag.ack) !== 0) return;
    if (!this.#pings.take(this.nowMs)) throw tooMany("pings", "SETTINGS");
    const { peer, encoder, output } = this.sender;
    const windowBytes = peer.initialWindowBytes;
    const error = peer.apply(bytes, from, to);
    if (error !== ErrorCode.noError) throw new ConnectionError(error, "protocol", "SETTINGS with an invalid value");
    encoder.limitTable(peer.headerTableBytes);
    output.frame(0, FrameType.settings, FrameFlag.ack, 0);
    this.#streams.moveWindows(peer.initialWindowBytes - windowBytes);
    this.#hasSettings = true;
    this.#target.hasRoom(this);
  }

  #ping(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (streamId !== 0) throw protocolError("PING on a stream");
    if (to - from !== 8) throw frameSizeError("PING");
    if ((flags & FrameFlag.ack) !== 0) return;
    if (!this.#pings.take(this.nowMs)) throw tooMany("pings", "PING");
    this.sender.output.add(FrameType.ping, FrameFlag.ack, 0, bytes, from, to);
  }

  #windowUpdate(streamId: number, increment: number): void {
    if (increment === 0 && !this.#emptyFrames.take(this.nowMs)) throw tooMany("empty-frames", "WINDOW_UPDATE");
    if (streamId === 0) {
      this.sender.window += increment;
      if (increment === 0 || this.sender.window > MAX_WINDOW_BYTES)
        throw flowError("the connection's window overflows");
      this.sender.pump();
      return;
    }
    this.#streams.open(streamId, increment);
  }
}
