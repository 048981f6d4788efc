import {
  ErrorCode,
  errorCodeName,
  FrameFlag,
  FrameType,
  HpackDecoder,
  MAX_WINDOW_BYTES,
  readResponseSection,
  readTrailerSection,
} from "../../../wire/http2/mod.ts";
import { ConnectionError, flowError, protocolError, streamClosed } from "../connection-error.ts";
import { ReceiveWindow } from "../receive-window.ts";
import type { SessionStreams } from "../session-base.ts";
import { StreamTable } from "../stream-table.ts";
import type { ClientSession } from "./session.ts";
import type { SessionOwner } from "./session-owner.ts";
import type { ClientStream } from "./stream.ts";

const MAX_STREAM_ID = 0x7fffffff;
/** Streams that the target ended last, on which it may send no more; what comes on those that we reset crossed our reset. */
const KEPT_ENDED = 16;

/** The requests of a connection to a target, and what comes for them. */
export class ClientStreams implements SessionStreams {
  readonly #session: ClientSession;
  readonly #target: SessionOwner;
  readonly #decoder = new HpackDecoder();
  readonly #window: ReceiveWindow;
  readonly #open = new StreamTable<ClientStream>();
  readonly #ended = new Int32Array(KEPT_ENDED);
  #nextEnded = 0;
  #nextId = 1;
  /** The stream of the DATA frame in progress; undefined where its content is dropped. */
  #dataStream: ClientStream | undefined;
  idleSinceMs = performance.now();

  constructor(session: ClientSession, target: SessionOwner) {
    this.#session = session;
    this.#target = target;
    this.#window = new ReceiveWindow(target.settings.connectionWindowBytes);
  }

  get count(): number {
    return this.#open.size;
  }
  get areUsedUp(): boolean {
    return this.#nextId >= MAX_STREAM_ID;
  }

  /** Even ones are a target's, which opens none without PUSH_PROMISE. */
  isIdle(streamId: number): boolean {
    return streamId >= this.#nextId || (streamId & 1) === 0;
  }

  add(stream: ClientStream): void {
    stream.id = this.#nextId;
    this.#nextId += 2;
    this.#open.add(stream);
  }

  has(stream: ClientStream): boolean {
    return this.#open.get(stream.id) === stream;
  }

  /** @returns whether it was there */
  remove(stream: ClientStream): boolean {
    this.#session.sender.leave(stream);
    if (!this.#open.delete(stream.id)) return false;
    if (stream.isAnswerWhole) this.#noteEnded(stream.id);
    if (this.#open.size === 0) this.idleSinceMs = performance.now();
    return true;
  }

  #noteEnded(streamId: number): void {
    this.#ended[this.#nextEnded] = streamId;
    this.#nextEnded = (this.#nextEnded + 1) % KEPT_ENDED;
  }

  /** @throws {ConnectionError} for a frame on a stream that the target has ended, such as a second answer (RFC 9113 §5.1) */
  #checkEnded(stream: ClientStream | undefined, streamId: number, type: string): void {
    const isEnded = stream === undefined ? this.#ended.includes(streamId) : stream.isAnswerWhole;
    if (isEnded) throw streamClosed(type);
  }

  checkTime(nowMs: number): void {
    const { responseHeadMs, responseBodyMs } = this.#target.settings;
    for (const stream of this.#open.all()) {
      const limitMs = stream.hasResponse
        ? stream.mayBeSilent
          ? 0
          : responseBodyMs
        : stream.isWhole
          ? responseHeadMs
          : 0;
      if (limitMs === 0 || stream.isPaused || nowMs - stream.receivedMs < limitMs) continue;
      stream.fail("response-timeout", `no ${stream.hasResponse ? "content" : "answer"} within ${limitMs} ms`);
    }
  }

  /** The connection is over. */
  failAll(reason: "reset" | "closed" | "bad-response", text: string): void {
    const streams = this.#open.all();
    this.#open.clear();
    for (const stream of streams) {
      this.#session.sender.leave(stream);
      // A slow reader gets the rest of an answer that is whole.
      if (!stream.isAnswerWhole) stream.fail(reason, text, { isReused: !stream.hasResponse && stream.isReused });
    }
  }

  // ---- what comes ------------------------------------------------------------------------------------------------------

  fieldBlock(streamId: number, flags: number, bytes: Uint8Array, from: number, to: number): void {
    const { section, responseHead } = this.#target;
    // Also of streams that are over: both tables must stay the same.
    if (!this.#decoder.decode(bytes, from, to, section))
      throw new ConnectionError(ErrorCode.compressionError, "compression", "a field block that cannot be decoded");
    const stream = this.#open.get(streamId);
    this.#checkEnded(stream, streamId, "HEADERS");
    if (stream === undefined) {
      if (this.isIdle(streamId)) throw protocolError("HEADERS on a stream that was not opened");
      return;
    }
    stream.receivedMs = this.#session.nowMs;
    const isEnd = (flags & FrameFlag.endStream) !== 0;
    if (!stream.hasResponse) this.#response(stream, isEnd);
    else if (!isEnd || readTrailerSection(section, responseHead) !== 0)
      this.#bad(stream, "trailers that are malformed");
    else if (!stream.receiveEnd(responseHead, section.bytes)) this.#bad(stream, "content of a wrong length");
  }

  #response(stream: ClientStream, isEnd: boolean): void {
    const { section, responseHead: head, settings } = this.#target;
    if (readResponseSection(section, head) !== 0) {
      this.#bad(stream, head.refusal === undefined ? "a head that is malformed" : `a bad head: ${head.refusal}`);
      return;
    }
    if (head.status < 200) {
      stream.interims += 1;
      if (isEnd) this.#bad(stream, "an interim answer that ends its stream");
      else if (stream.interims > settings.maxInterims) this.#bad(stream, "too many interim answers");
      else stream.respond(head, section.bytes);
      return;
    }
    const { status, contentLength } = head;
    const hasContent = !isEnd && !stream.isHead && status !== 204 && status !== 304;
    if (isEnd && contentLength > 0 && !stream.isHead && status !== 304) {
      this.#bad(stream, "content of a wrong length");
      return;
    }
    stream.hasResponse = true;
    stream.bodyFraming = !hasContent ? "none" : contentLength >= 0 ? "length" : "until-close";
    stream.bodyLength = hasContent ? Math.max(0, contentLength) : 0;
    stream.respond(head, section.bytes);
    if (isEnd && !stream.isOver) stream.receiveEnd();
  }

  #bad(stream: ClientStream, text: string): void {
    stream.fail("bad-response", `its answer has ${text}`);
  }

  dataBegins(streamId: number, length: number): void {
    if (streamId === 0 || this.isIdle(streamId)) throw protocolError("DATA on a stream that was not opened");
    if (!this.#window.receive(length)) throw flowError("more content than the connection's window");
    const stream = this.#open.get(streamId);
    this.#checkEnded(stream, streamId, "DATA");
    this.#dataStream = stream;
    if (stream === undefined) return;
    stream.receivedMs = this.#session.nowMs;
    if (!stream.hasResponse) this.#bad(stream, "content before its head");
    else if (!stream.window.receive(length)) this.#bad(stream, "more content than its window");
  }

  dataPart(bytes: Uint8Array, from: number, to: number): void {
    const stream = this.#dataStream;
    if (stream === undefined || stream.isOver) this.#giveBack(to - from);
    else if (!stream.receive(bytes.subarray(from, to))) {
      this.#giveBack(to - from);
      this.#bad(stream, "content of a wrong length");
    }
  }

  dataEnds(flags: number): void {
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    if (stream === undefined || stream.isOver || (flags & FrameFlag.endStream) === 0) return;
    if (!stream.receiveEnd()) this.#bad(stream, "content of a wrong length");
  }

  /** Padding is nobody's to keep. */
  dropPadding(bytes: number): void {
    const stream = this.#dataStream;
    if (stream === undefined || stream.isOver) this.#giveBack(bytes);
    else this.giveBack(stream, bytes);
  }

  /** Content was taken: the target may send as much again. */
  giveBack(stream: ClientStream, bytes: number): void {
    this.#giveBack(bytes);
    if (stream.isOver || stream.isAnswerWhole) return;
    const increment = stream.window.take(bytes);
    if (increment > 0) this.#session.sender.number(FrameType.windowUpdate, stream.id, increment);
  }

  #giveBack(bytes: number): void {
    const increment = this.#window.take(bytes);
    if (increment > 0) this.#session.sender.number(FrameType.windowUpdate, 0, increment);
  }

  /** The target lets us send more of a request. */
  open(streamId: number, increment: number): void {
    const stream = this.#open.get(streamId);
    if (stream === undefined) return;
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW_BYTES) this.#bad(stream, "a window that is not valid");
    else while (this.#session.sender.pumpOne(stream));
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE changed by so much (RFC 9113 §6.9.2). */
  moveWindows(change: number): void {
    for (const stream of this.#open.all()) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_WINDOW_BYTES) throw flowError("a stream's window overflows");
    }
    this.#session.sender.pump();
  }

  resetByPeer(streamId: number, code: number): void {
    const stream = this.#open.get(streamId);
    if (stream === undefined) return;
    this.remove(stream);
    this.#noteEnded(streamId);
    // REFUSED_STREAM: nothing was done with it, so it can be sent again (RFC 9113 §8.7).
    const isUnprocessed = code === ErrorCode.refusedStream;
    stream.fail("reset", `it reset the stream: ${errorCodeName(code)}`, { isUnprocessed });
    this.#target.hasRoom(this.#session);
  }

  wrongFrame(streamId: number): void {
    const stream = this.#open.get(streamId);
    if (stream !== undefined) this.#bad(stream, "a frame that is not valid");
  }

  /** Requests above `lastId` were not looked at (RFC 9113 §6.8). */
  endAbove(lastId: number, code: number): void {
    for (const stream of this.#open.all()) {
      if (stream.id <= lastId) continue;
      this.remove(stream);
      stream.fail("closed", `it takes no more requests: ${errorCodeName(code)}`, { isUnprocessed: true });
    }
  }
}
