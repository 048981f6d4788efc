import { logHandlerFailed } from "../../net/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import { ErrorCode, FrameFlag } from "../../wire/http2/mod.ts";
import { type BodyFraming, Exchange, type HeadWriter, type Outcome } from "../exchange.ts";
import { ByteQueue, release } from "./byte-queue.ts";
import { DISCARDING_WRITER } from "./head-writer.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { SendingStream } from "./sender.ts";
import type { Http2Session } from "./session.ts";
import { Trailers } from "./trailers.ts";

/** How far the answer is. */
const Answer = { none: 0, begun: 1, content: 2, ending: 3, ended: 4 } as const;
const NO_BYTES = new Uint8Array(0);

/**
 * A request on a stream of HTTP/2, and its answer.
 *
 * ```text
 *   DATA ─► receive ─► handler.body                begin ─► writer ─► sendHead ─► HEADERS
 *              └─ paused: kept, until resumeBody   send ─► windows ─► DATA
 *                 and no WINDOW_UPDATE                        └─ closed: queue ─► sent by the session
 * ```
 */
export class Http2Exchange<Data> extends Exchange<Data> implements SendingStream {
  readonly client: Http2Session;
  readonly id: number;
  /** Answered by the server itself: its handler never saw it. */
  readonly isOwn: boolean;

  // ---- the request; the session keeps its windows --------------------------------------------------------------------

  /** END_STREAM came. */
  isRequestWhole = false;
  #window: ReceiveWindow | undefined;
  receivedMs: number;
  #isPaused = false;
  #awaitsContinue = false;
  /** Content and trailers that wait for `resumeBody` or `tunnel`. */
  #kept: ByteQueue | undefined;
  #trailers: Trailers | undefined;
  #hasBodyEnded = false;
  /** Content that came after the exchange had ended. */
  #droppedBytes = 0;

  // ---- the answer; the session sends what waits ----------------------------------------------------------------------

  sendWindow: number;
  /** Content that waits for windows. */
  queue: ByteQueue | undefined;
  /** When content last left the queue, or began to wait. */
  progressMs = 0;
  isFull = false;
  isDone = false;
  isTunnel = false;
  #answer: number = Answer.none;
  /** Content of the announced length that is still to be sent; -1 = no length was announced. */
  #left = -1;
  #dropsContent = false;
  #answerTrailers: Trailers | undefined;

  constructor(client: Http2Session, id: number, isOwn: boolean) {
    super();
    this.client = client;
    this.id = id;
    this.sendWindow = client.sender.peer.initialWindowBytes;
    this.isOwn = isOwn;
    this.startedMs = client.nowMs;
    this.receivedMs = client.nowMs;
  }

  get protocol(): "HTTP/2.0" {
    return "HTTP/2.0";
  }
  get canCarryChunks(): boolean {
    return false;
  }
  get full(): boolean {
    return this.isFull;
  }
  get queuedBytes(): number {
    return this.queue === undefined ? 0 : this.queue.length;
  }
  get hasSentHead(): boolean {
    return this.#answer >= Answer.content;
  }
  /** Whether only the client can go on: its request is not whole, nobody pauses it, and no answer has begun. */
  get awaitsClient(): boolean {
    return !this.isRequestWhole && !this.#isPaused && this.#answer < Answer.content && this.upgrade === "";
  }
  /** What the client may send. */
  get window(): ReceiveWindow {
    this.#window ??= new ReceiveWindow(this.client.server.settings.streamWindowBytes);
    return this.#window;
  }
  get #mustWait(): boolean {
    return this.#isPaused || (this.upgrade !== "" && !this.isTunnel);
  }

  // ---- the request ---------------------------------------------------------------------------------------------------

  /** Notes what the head says of the content, and the limit that the server sets. */
  expect(announcedBytes: number, maxBodyBytes: number): void {
    this.announcedBytes = announcedBytes;
    this.maxBodyBytes = maxBodyBytes;
  }

  /** Passes the head to the handler. */
  start(head: Head, bytes: Uint8Array): void {
    this.#awaitsContinue = head.expectsContinue && this.hasBody;
    try {
      this.client.server.handler.request(this as Exchange<unknown>, head, bytes);
    } catch (error) {
      this.#handlerFailed(error);
    }
    if (!this.#isPaused) this.#continue();
  }

  pauseBody(): void {
    this.#isPaused = true;
  }

  resumeBody(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.receivedMs = this.client.clockMs;
    this.#continue();
    this.#deliverKept();
  }

  /** Takes content of the request. */
  receive(bytes: Uint8Array, from: number, to: number): void {
    this.receivedMs = this.client.nowMs;
    this.requestBodyBytes += to - from;
    if (this.announcedBytes >= 0 && this.requestBodyBytes > this.announcedBytes) this.client.streams.malformed(this);
    else if (this.maxBodyBytes > 0 && this.requestBodyBytes > this.maxBodyBytes) this.failFor("bad-body", 413);
    else if (this.#mustWait) {
      this.#keep(bytes.subarray(from, to));
      return;
    } else this.#deliver(bytes.subarray(from, to));
    this.client.streams.giveBack(this, to - from);
  }

  /** Counts content that comes after the exchange has ended: its length must be right all the same. */
  drop(bytes: number): void {
    this.#droppedBytes += bytes;
    const length = this.requestBodyBytes + this.#droppedBytes;
    if (this.announcedBytes >= 0 && length > this.announcedBytes) this.client.streams.malformed(this);
  }

  /** END_STREAM came, with trailers or without; those are borrowed. */
  receiveEnd(trailers?: Head, bytes?: Uint8Array): void {
    this.isRequestWhole = true;
    const length = this.requestBodyBytes + this.#droppedBytes;
    if (this.announcedBytes >= 0 && length !== this.announcedBytes) this.client.streams.malformed(this);
    else if (this.isDone) return;
    else if (!this.#mustWait && this.#kept === undefined) this.#endBody(trailers, bytes);
    else if (trailers !== undefined && bytes !== undefined) this.#trailers = new Trailers(trailers, bytes);
  }

  // ---- the answer ----------------------------------------------------------------------------------------------------

  interim(head: Head, bytes: Uint8Array): void {
    // 101 has another meaning here, and 100 is sent when the content is first wanted.
    if (this.#answer !== Answer.none || head.status <= 101) return;
    const writer = this.client.server.writer.begin(this, head.status);
    writer.lines(head, bytes);
    if (writer.overflowed) writer.exchange = undefined;
    else this.client.sender.head(this.id, writer.finish());
  }

  begin(status: number): HeadWriter {
    if (this.#answer > Answer.begun) return DISCARDING_WRITER;
    this.#answer = Answer.begun;
    this.status = status === 101 ? 200 : status;
    const writer = this.client.server.writer.begin(this, this.status);
    for (const line of this.answerLines) writer.line(line);
    return writer;
  }

  sendHead(framing: BodyFraming, first: Uint8Array = NO_BYTES, from = 0, to = first.length, nowMs?: number): void {
    const { writer } = this.client.server;
    if (this.#answer !== Answer.begun || writer.exchange !== this) return;
    if (writer.overflowed) {
      this.fail(502, "The head of the service's answer is too long.");
      return;
    }
    const { status } = this;
    this.#dropsContent = this.isHead || status === 204 || status === 304;
    if (framing >= 0) {
      if (status !== 204) writer.contentLength(framing);
      if (!this.#dropsContent) this.#left = framing;
    }
    this.firstByteMs = nowMs ?? this.client.clockMs;
    this.responseHeadBytes = writer.finish(this.firstByteMs);
    this.#answer = Answer.content;
    this.client.sender.head(this.id, this.responseHeadBytes);
    if (to > from) this.send(first, from, to);
  }

  send(bytes: Uint8Array, from = 0, to = bytes.length): void {
    if (to <= from || this.#dropsContent || this.#answer !== Answer.content) return;
    const length = to - from;
    if (this.#left >= 0) {
      // More than was announced.
      if (length > this.#left) {
        this.abort("aborted");
        return;
      }
      this.#left -= length;
    }
    this.responseBodyBytes += length;
    this.client.sender.content(this, bytes, from, to);
  }

  end(trailers?: Head, bytes?: Uint8Array): void {
    if (this.#answer >= Answer.ending) return;
    if (this.#answer < Answer.content) this.fail(500);
    else if (this.#left > 0) this.abort("aborted");
    else {
      if (trailers !== undefined && bytes !== undefined && trailers.count > 0 && !this.#dropsContent)
        this.#answerTrailers = new Trailers(trailers, bytes);
      this.#answer = Answer.ending;
      if (this.queuedBytes === 0) this.sendEnd();
    }
  }

  tunnel(): void {
    if (this.#answer !== Answer.content || this.upgrade === "" || this.status !== 200) return;
    this.isTunnel = true;
    this.#deliverKept();
  }

  abort(outcome: Outcome): void {
    if (this.isDone) return;
    this.client.streams.reset(this.id, outcome === "client-stalled" ? ErrorCode.cancel : ErrorCode.internalError);
    this.finish(outcome);
  }

  // ---- called by the session -----------------------------------------------------------------------------------------

  /** Answers with an error page, or resets where an answer was begun; either is counted as `outcome`. */
  failFor(outcome: Outcome, status: number): void {
    if (this.outcome === "answered") this.outcome = outcome;
    if (this.hasSentHead) this.abort(outcome);
    else this.fail(status);
  }

  /** Whether the answer ends behind what is queued. */
  get isEnding(): boolean {
    return this.#answer === Answer.ending;
  }

  /** More of all answers waits than may. */
  overflowed(bytes: number): void {
    this.client.server.reject("queued-bytes", this.client.connection, `${bytes} bytes`);
    this.abort("aborted");
  }

  /** Ends the answer, all of which was sent. */
  sendEnd(): void {
    this.#answer = Answer.ended;
    const trailers = this.#answerTrailers;
    if (trailers === undefined) this.client.sender.end(this.id);
    else {
      const writer = this.client.server.writer.open(this);
      writer.lines(trailers.head, trailers.bytes);
      this.client.sender.head(this.id, writer.finish(), FrameFlag.endStream);
    }
    // Of a tunnel the other direction is still open.
    if (!this.isTunnel || this.#hasBodyEnded) this.finish("answered");
  }

  /** There is room for content again. */
  drain(): void {
    this.isFull = false;
    if (this.isDone || this.isOwn) return;
    try {
      this.client.server.handler.drain?.(this as Exchange<unknown>);
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  /** Ends the exchange. Its stream is closed, or what still comes is dropped. */
  finish(outcome: Outcome): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#answer = Answer.ended;
    // The first reason is the one that counts.
    if (this.outcome === "answered") this.outcome = outcome;
    this.endedMs = this.client.clockMs;
    // The stream is over, but all streams share the connection's window.
    if (this.#kept !== undefined) this.client.streams.giveBack(this, this.#kept.clear());
    this.#kept = undefined;
    this.client.streams.ended(this);
    if (this.isOwn) return;
    try {
      this.client.server.handler.finished?.(this as Exchange<unknown>);
    } catch (error) {
      logHandlerFailed(error);
    }
  }

  // ---- inside --------------------------------------------------------------------------------------------------------

  /** RFC 9110 §10.1.1: the client is told once that its content is wanted. */
  #continue(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    if (this.#answer !== Answer.none || this.requestBodyBytes > 0) return;
    this.client.sender.head(this.id, this.client.server.writer.begin(this, 100).finish());
  }

  #keep(bytes: Uint8Array): void {
    this.#kept ??= new ByteQueue();
    this.#kept.push(bytes);
  }

  #deliver(bytes: Uint8Array): void {
    if (!this.isOwn) {
      try {
        this.client.server.handler.body?.(this as Exchange<unknown>, bytes);
      } catch (error) {
        this.#handlerFailed(error);
      }
    }
  }

  #deliverKept(): void {
    for (let kept = this.#kept; kept !== undefined && !this.#mustWait; kept = this.#kept) {
      const bytes = kept.first();
      const emptied = kept.take(bytes.length);
      if (kept.length === 0) this.#kept = undefined;
      this.#deliver(bytes);
      this.client.streams.giveBack(this, bytes.length);
      release(emptied);
    }
    if (this.isRequestWhole && this.#kept === undefined && !this.#mustWait)
      this.#endBody(this.#trailers?.head, this.#trailers?.bytes);
  }

  #endBody(trailers: Head | undefined, bytes: Uint8Array | undefined): void {
    if (this.isDone || this.#hasBodyEnded) return;
    this.#hasBodyEnded = true;
    // Without content there is nothing that could end, except the client's side of a tunnel.
    if (!this.isOwn && (this.hasBody || this.isTunnel)) {
      try {
        this.client.server.handler.bodyEnd?.(this as Exchange<unknown>, trailers, bytes);
      } catch (error) {
        this.#handlerFailed(error);
      }
    }
    if (this.isTunnel && this.#answer === Answer.ended) this.finish("answered");
  }

  #handlerFailed(error: unknown): void {
    logHandlerFailed(error);
    this.failFor("failed", 500);
  }
}
