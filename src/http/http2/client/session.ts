import type { CloseReason, Connection } from "../../../net/mod.ts";
import { readRequest } from "../../../wire/http1/mod.ts";
import { ErrorCode, FrameFlag, FrameType, PREFACE, SettingId } from "../../../wire/http2/mod.ts";
import { Budget } from "../budget.ts";
import type { ConnectionError } from "../connection-error.ts";
import { SessionBase } from "../session-base.ts";
import type { SessionOwner } from "./session-owner.ts";
import type { ClientStream } from "./stream.ts";
import { ClientStreams } from "./streams.ts";

/** Before a target says how many streams it takes, as many as it is asked to take at least (RFC 9113 §6.5.2). */
const FIRST_STREAMS = 100;
const REQUEST_LIMITS = { maxBytes: 262_144, maxTargetBytes: 65_536 };
/** PING and SETTINGS of a target, which are answered; and frames that carry nothing. */
const PINGS = { burst: 200, perSecond: 10 };
const EMPTY_FRAMES = { burst: 1000, perSecond: 100 };
/** Some servers give back each small message of a gRPC stream by itself, so that only nothing counts as empty. */
const SMALL_INCREMENT = 1;

/** A connection to a target that speaks HTTP/2, with as many requests at a time as the target allows. */
export class ClientSession extends SessionBase<unknown> {
  readonly streams: ClientStreams;
  /** The target takes no new streams. */
  isLeaving = false;
  /** Of the target's GOAWAY; `noError` without one. */
  leaveCode: number = ErrorCode.noError;
  /** The rule that the target broke, which ended the connection. */
  brokenRule: string | undefined;
  /** It carried a request. */
  wasUsed = false;
  readonly #target: SessionOwner;

  constructor(connection: Connection<unknown>, target: SessionOwner) {
    const { settings } = target;
    super(connection, target, {
      maxContinuations: settings.maxContinuations,
      maxHeadBytes: settings.maxHeadBytes,
      pings: new Budget(PINGS.burst, PINGS.perSecond),
      emptyFrames: new Budget(EMPTY_FRAMES.burst, EMPTY_FRAMES.perSecond),
      smallIncrement: SMALL_INCREMENT,
      expectsPreface: false,
    });
    this.#target = target;
    this.streams = new ClientStreams(this, target);
    connection.write(PREFACE);
    this.greet(
      [
        [SettingId.enablePush, 0],
        [SettingId.initialWindowSize, settings.streamWindowBytes],
        [SettingId.maxHeaderListSize, settings.maxHeadBytes],
      ],
      settings.connectionWindowBytes,
    );
  }

  get count(): number {
    return this.streams.count;
  }

  /** Whether it takes another request now. */
  get hasRoom(): boolean {
    const { maxConcurrentStreams } = this.sender.peer;
    const allowed = this.hasSettings ? maxConcurrentStreams : FIRST_STREAMS;
    const limit = Math.min(allowed, this.#target.settings.maxStreams);
    return !this.isClosing && !this.isLeaving && !this.connection.closed && this.streams.count < limit;
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
    this.streams.add(stream);
    if (this.streams.areUsedUp) this.isLeaving = true;
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
    this.streams.giveBack(stream, bytes);
  }

  /** The stream is over on both sides. */
  leave(stream: ClientStream): void {
    if (!this.streams.remove(stream)) return;
    if (this.isLeaving && this.streams.count === 0) this.close("handler");
    else this.#target.hasRoom(this);
  }

  /** Resets a stream. */
  cancel(stream: ClientStream, code: ErrorCode = ErrorCode.cancel): void {
    if (!this.isClosing && this.streams.has(stream)) this.sender.number(FrameType.rstStream, stream.id, code);
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
    this.streams.checkTime(nowMs);
    const isIdle = this.streams.count === 0 && nowMs - this.streams.idleSinceMs >= this.#target.settings.keepMs;
    if (isIdle) this.close("handler");
  }

  // ---- events of the connection ----------------------------------------------------------------------------------------

  closed(reason: CloseReason): void {
    this.isClosing = true;
    const isReset = reason === "reset" || reason === "system";
    this.streams.failAll(isReset ? "reset" : "closed", "its connection ended before the answer was complete");
    this.#target.sessionClosed(this);
  }

  protected settingsChanged(): void {
    this.#target.hasRoom(this);
  }

  protected peerLeaves(lastId: number, code: number): void {
    this.isLeaving = true;
    if (code !== ErrorCode.noError) this.leaveCode = code;
    this.streams.endAbove(lastId, code);
    if (this.streams.count === 0) this.close("handler");
  }

  protected broken({ code, message }: ConnectionError): void {
    this.isClosing = true;
    this.brokenRule = message;
    this.sender.goAway(0, code);
    this.sender.flush();
    this.streams.failAll("bad-response", message);
    this.connection.finish(undefined, "http2-error");
  }
}
