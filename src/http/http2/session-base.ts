import { type Connection, logHandlerFailed } from "../../net/mod.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  encodeSettings,
  FrameFlag,
  FrameType,
  MAX_WINDOW_BYTES,
  readUint31,
  readUint32,
} from "../../wire/http2/mod.ts";
import type { Budget } from "./budget.ts";
import {
  ConnectionError,
  flowError,
  frameSizeError,
  type Http2Rejection,
  protocolError,
  tooMany,
} from "./connection-error.ts";
import { FieldBlock } from "./field-block.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { Http2Sender, type SenderOwner } from "./sender.ts";

const PRIORITY_BYTES = 5;

/** What a peer may do on a connection. */
export interface PeerLimits {
  readonly maxContinuations: number;
  readonly maxHeadBytes: number;
  /** PING and SETTINGS, which are answered. */
  readonly pings: Budget;
  /** Frames that carry nothing, or almost nothing. */
  readonly emptyFrames: Budget;
  /** A WINDOW_UPDATE by less counts as one of those. */
  readonly smallIncrement: number;
  /** Frames begin behind a client's preface. */
  readonly expectsPreface: boolean;
}

/** The streams of a connection, and what its frames do to them. `bytes` are borrowed. Any may throw a `ConnectionError`. */
export interface SessionStreams {
  /** Returns whether the stream was never opened. */
  isIdle(streamId: number): boolean;
  /** Takes the field block of HEADERS, whole. */
  fieldBlock(streamId: number, flags: number, bytes: Uint8Array, from: number, to: number): void;
  /** A DATA frame begins, with `length` bytes of content and padding. */
  dataBegins(streamId: number, length: number): void;
  dataPart(bytes: Uint8Array, from: number, to: number): void;
  dropPadding(bytes: number): void;
  dataEnds(flags: number): void;
  /** The peer takes more of a stream. @param increment > 0 */
  open(streamId: number, increment: number): void;
  /** The peer takes more or less of each stream (RFC 9113 §6.9.2). */
  moveWindows(change: number): void;
  resetByPeer(streamId: number, code: number): void;
  /** Resets the stream of a wrong frame, whether there is one or not. */
  wrongFrame(streamId: number, code: ErrorCode, rejection: Http2Rejection): void;
}

/**
 * What both sides of an HTTP/2 connection do with frames: their order, their sizes, those of the connection itself.
 *
 * ```text
 *   bytes ─► FrameReader ─► frame, data… ─► streams: field blocks, content, windows
 *                               └─ SETTINGS, PING … ─► Http2Sender
 * ```
 *
 * The streams of a client and of a server are two classes with the same methods. They are called directly, and a call site of two
 * classes is as cached as one of one: sharing this costs a frame no further call.
 */
export abstract class SessionBase<Session> implements FrameSink {
  readonly connection: Connection<Session>;
  readonly sender: Http2Sender;
  abstract readonly streams: SessionStreams;
  /** The time of this read, on the clock of `performance.now()`. */
  nowMs = performance.now();
  /** Nothing is read any more. */
  isClosing = false;
  /** The peer's first SETTINGS came. */
  protected hasSettings = false;
  readonly #limits: PeerLimits;
  readonly #reader: FrameReader;
  readonly #block: FieldBlock;

  constructor(connection: Connection<Session>, owner: SenderOwner, limits: PeerLimits) {
    this.connection = connection;
    this.sender = new Http2Sender(connection as unknown as Connection<never>, owner);
    this.#limits = limits;
    this.#reader = new FrameReader(this, DEFAULT_MAX_FRAME_BYTES, limits.expectsPreface);
    this.#block = new FieldBlock(limits.maxContinuations, 2 * limits.maxHeadBytes);
  }

  /** Sends our SETTINGS, and opens the connection's window, which they do not set (RFC 9113 §6.9.2). */
  protected greet(settings: readonly (readonly [id: number, value: number])[], windowBytes: number): void {
    const payload = encodeSettings(settings);
    this.sender.output.add(FrameType.settings, 0, 0, payload, 0, payload.length);
    const more = windowBytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.sender.number(FrameType.windowUpdate, 0, more);
    this.sender.flush();
  }

  /** When the head began that is not complete; -1 without one. */
  protected get headBeganMs(): number {
    return this.#block.streamId === 0 ? -1 : this.#block.beganMs;
  }

  /** Whether the next frame was read together with this one, and is content of that stream. */
  contentFollows(streamId: number): boolean {
    return this.#reader.contentFollows(streamId);
  }

  // ---- what the two sides do differently -----------------------------------------------------------------------------

  /** The peer's SETTINGS are in force. */
  protected abstract settingsChanged(): void;
  /** The peer says GOAWAY: it takes no streams above `lastId`. */
  protected abstract peerLeaves(lastId: number, code: number): void;
  /** The peer broke a rule, which ends the connection. */
  protected abstract broken(error: ConnectionError): void;

  // ---- events of the connection --------------------------------------------------------------------------------------

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
    if (!this.connection.closed) sender.flush();
  }

  drained(): void {
    this.nowMs = performance.now();
    this.sender.pump();
    this.sender.flush();
  }

  #failed(error: unknown): void {
    if (error instanceof ConnectionError) this.broken(error);
    else {
      logHandlerFailed(error);
      this.connection.reset("handler-error");
    }
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
        this.streams.resetByPeer(streamId, readUint32(bytes, from));
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
        if (to - from < 8) throw frameSizeError("GOAWAY");
        this.peerLeaves(readUint31(bytes, from), readUint32(bytes, from + 4));
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
    if (!this.hasSettings && type !== FrameType.settings) throw protocolError("no SETTINGS first");
  }

  #headers(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    // Also answers are on streams of the client: nothing is pushed.
    if ((streamId & 1) === 0) throw protocolError("HEADERS on a stream that is not a client's");
    let start = from;
    let end = to;
    if ((flags & FrameFlag.padded) !== 0) {
      if (start === end) throw frameSizeError("HEADERS");
      end -= bytes[start++]!;
    }
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
    if (length === 0) this.#countEmpty(flags, "empty DATA");
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
    if (start === end) this.#countEmpty(flags, "DATA of padding");
    this.streams.dataBegins(streamId, to - from);
    this.streams.dropPadding(to - from - (end - start));
    if (end > start) this.streams.dataPart(bytes, start, end);
    this.streams.dataEnds(flags);
  }

  /** Counts a DATA frame without content, unless it ends its stream. */
  #countEmpty(flags: number, what: string): void {
    if ((flags & FrameFlag.endStream) === 0 && !this.#limits.emptyFrames.take(this.nowMs))
      throw tooMany("empty-frames", what);
  }

  #priority(streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (streamId === 0) throw protocolError("PRIORITY on no stream");
    if (to - from !== PRIORITY_BYTES) this.streams.wrongFrame(streamId, ErrorCode.frameSizeError, "frame-size");
    else if (readUint31(bytes, from) === streamId)
      this.streams.wrongFrame(streamId, ErrorCode.protocolError, "protocol");
  }

  #settings(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (streamId !== 0) throw protocolError("SETTINGS on a stream");
    if ((flags & FrameFlag.ack) !== 0) {
      if (to > from) throw frameSizeError("SETTINGS");
      return;
    }
    if (!this.#limits.pings.take(this.nowMs)) throw tooMany("pings", "SETTINGS");
    this.hasSettings = true;
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
    this.settingsChanged();
  }

  #ping(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (streamId !== 0) throw protocolError("PING on a stream");
    if (to - from !== 8) throw frameSizeError("PING");
    if ((flags & FrameFlag.ack) !== 0) return;
    if (!this.#limits.pings.take(this.nowMs)) throw tooMany("pings", "PING");
    this.sender.output.add(FrameType.ping, FrameFlag.ack, 0, bytes, from, to);
  }

  #windowUpdate(streamId: number, bytes: Uint8Array, from: number, to: number): void {
    if (to - from !== 4) throw frameSizeError("WINDOW_UPDATE");
    const increment = readUint31(bytes, from);
    const { smallIncrement, emptyFrames } = this.#limits;
    if (increment < smallIncrement && !emptyFrames.take(this.nowMs))
      throw tooMany("empty-frames", "small WINDOW_UPDATE");
    if (streamId !== 0) {
      if (this.streams.isIdle(streamId)) throw protocolError("WINDOW_UPDATE on a stream that was not opened");
      if (increment === 0) this.streams.wrongFrame(streamId, ErrorCode.protocolError, "protocol");
      else this.streams.open(streamId, increment);
      return;
    }
    if (increment === 0) throw protocolError("WINDOW_UPDATE of nothing");
    this.sender.window += increment;
    if (this.sender.window > MAX_WINDOW_BYTES) throw flowError("the connection's window overflows");
    this.sender.pump();
  }
}
