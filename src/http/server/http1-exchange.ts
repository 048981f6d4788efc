import { fieldLine, type Head, LAST_CHUNK, MAX_CHUNK_HEAD_BYTES, writeChunkHead } from "../../wire/http1/mod.ts";
import { BodyFraming, Exchange, type HeadWriter, type Outcome } from "../exchange.ts";
import { DISCARDING_WRITER } from "./head-writer.ts";
import type { Http1Connection } from "./http1-connection.ts";
import { JOINED_BYTES } from "./output.ts";

const CONNECTION_CLOSE = fieldLine("Connection", "close");
const CONNECTION_KEEP_ALIVE = fieldLine("Connection", "keep-alive");
const CONNECTION_UPGRADE = fieldLine("Connection", "Upgrade");
const CHUNKED = fieldLine("Transfer-Encoding", "chunked");
const CRLF = Uint8Array.of(0x0d, 0x0a);
const LAST_CHUNK_LINE = LAST_CHUNK.subarray(0, 3);
const NO_BYTES = new Uint8Array(0);

/** How far the answer is. */
const Answer = { none: 0, begun: 1, content: 2, tunnel: 3, done: 4 } as const;
/** How its content is delimited: by its length, as chunks that are made here, or by whoever sends it. */
const Content = { length: 0, chunks: 1, asGiven: 2, dropped: 3 } as const;

/**
 * A request on an HTTP/1.1 connection, and its answer.
 *
 * ```text
 *   begin ─► writer ─► sendHead ─┐                 ┌─► the block of the event loop, in one write
 *                         send ──┴► frames, counts ┴─► the connection, where it is much
 * ```
 */
export class Http1Exchange<Data> extends Exchange<Data> {
  readonly client: Http1Connection;
  /** Answered by the server itself: its handler never saw it. */
  readonly isOwn: boolean;
  readonly #isHttp10: boolean;
  #answer: number = Answer.none;
  #content: number = Content.length;
  /** Bytes of the announced length that are still to be sent. */
  #left = 0;

  constructor(client: Http1Connection, head: Head | undefined, isOwn: boolean) {
    super();
    this.client = client;
    this.isOwn = isOwn;
    this.#isHttp10 = head?.version === 10;
    this.startedMs = performance.now();
    if (head === undefined) return;
    this.requestHeadBytes = head.length;
    this.announcedBytes = head.contentLength;
    this.hasBody = head.isChunked || head.contentLength > 0;
  }

  get protocol(): "HTTP/1.0" | "HTTP/1.1" {
    return this.#isHttp10 ? "HTTP/1.0" : "HTTP/1.1";
  }
  get canCarryChunks(): boolean {
    return !this.#isHttp10;
  }
  get full(): boolean {
    return this.client.connection.full;
  }
  /** Whether a final answer has begun to be sent. */
  get hasSentHead(): boolean {
    return this.#answer >= Answer.content;
  }
  get hasEnded(): boolean {
    return this.#answer === Answer.done;
  }
  get isTunnel(): boolean {
    return this.#answer === Answer.tunnel;
  }

  pauseBody(): void {
    if (this.#answer !== Answer.done) this.client.pauseBody();
  }

  resumeBody(): void {
    if (this.#answer !== Answer.done) this.client.resumeBody();
  }

  /** Counts content of the request. @returns whether it is within its limit */
  takesBody(bytes: number): boolean {
    this.requestBodyBytes += bytes;
    return this.maxBodyBytes === 0 || this.requestBodyBytes <= this.maxBodyBytes;
  }

  interim(head: Head, bytes: Uint8Array): void {
    // 100 is this side's own, 101 is final.
    if (this.#answer !== Answer.none || this.#isHttp10 || head.status <= 101 || head.status > 199) return;
    const writer = this.client.server.writer.begin(this, head.status);
    writer.lines(head, bytes);
    if (writer.overflowed) return;
    writer.finish(false);
    this.client.server.output.settle();
  }

  begin(status: number): HeadWriter {
    if (this.#answer > Answer.begun) return DISCARDING_WRITER;
    this.#answer = Answer.begun;
    this.status = status;
    const writer = this.client.server.writer.begin(this, status);
    for (const line of this.answerLines) writer.line(line);
    return writer;
  }

  sendHead(framing: BodyFraming, first: Uint8Array = NO_BYTES, from = 0, to = first.length, nowMs?: number): void {
    const { client } = this;
    const { writer, output } = client.server;
    if (this.#answer !== Answer.begun) return;
    if (!writer.isIntact(this)) {
      this.abort("failed");
      return;
    }
    if (writer.overflowed) {
      this.fail(502, "The head of the service's answer is too long.");
      return;
    }
    this.#frame(framing);
    if (this.status === 101) writer.line(CONNECTION_UPGRADE);
    else if (client.closesAfter(this.status)) writer.line(CONNECTION_CLOSE);
    else if (this.#isHttp10) writer.line(CONNECTION_KEEP_ALIVE);
    this.responseHeadBytes = writer.finish(true);
    this.#answer = Answer.content;
    this.firstByteMs = nowMs ?? performance.now();
    if (to > from) this.#send(first, from, to, true);
    output.settle();
  }

  send(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const { connection, server } = this.client;
    if (to <= from) return;
    if (this.#answer === Answer.content) this.#send(bytes, from, to, false);
    else if (this.#answer === Answer.tunnel) {
      this.responseBodyBytes += to - from;
      server.output.write(connection, bytes, from, to);
    }
    server.output.settle();
  }

  end(trailers?: Head, bytes?: Uint8Array): void {
    if (this.#answer === Answer.tunnel) {
      this.client.endTunnel();
      return;
    }
    if (this.#answer === Answer.done) return;
    if (this.#answer !== Answer.content) {
      this.fail(500);
      return;
    }
    if (this.#content === Content.length && this.#left > 0) {
      this.abort("aborted");
      return;
    }
    if (this.#content === Content.chunks && !this.#endChunks(trailers, bytes)) this.abort("failed");
    else this.finish("answered");
  }

  tunnel(): void {
    if (this.#answer !== Answer.content || this.status !== 101) return;
    this.#answer = Answer.tunnel;
    this.client.beginTunnel();
  }

  abort(outcome: Outcome): void {
    if (this.#answer === Answer.done) return;
    this.#setOutcome(outcome);
    this.client.reset(outcome);
  }

  // ---- called by the connection -------------------------------------------------------------------------------------

  /** Answers with an error page, or resets where an answer was begun; either is counted as `outcome`. */
  failFor(outcome: Outcome, status: number, detail?: string): void {
    this.#setOutcome(outcome);
    if (this.hasSentHead) this.abort(outcome);
    else this.fail(status, detail);
  }

  /** Ends the exchange: the handler hears of it, then the connection goes on. */
  finish(outcome: Outcome): void {
    this.#answer = Answer.done;
    this.#setOutcome(outcome);
    this.endedMs = performance.now();
    this.client.ended(this);
  }

  // ---- inside -------------------------------------------------------------------------------------------------------

  /** The first reason is the one that counts. */
  #setOutcome(outcome: Outcome): void {
    if (this.outcome === "answered") this.outcome = outcome;
  }

  /** Writes the fields that delimit the content (RFC 9112 §6). */
  #frame(framing: BodyFraming): void {
    const { client, status } = this;
    const { writer } = client.server;
    const hasLength = status !== 204 && status !== 101;
    const isEmpty = this.isHead || !hasLength || status === 304;
    this.#content = isEmpty ? Content.dropped : Content.length;
    if (framing >= 0) {
      if (hasLength) writer.contentLength(framing);
      if (!isEmpty) this.#left = framing;
    } else if (framing === BodyFraming.none) {
      // Without content and without a length, a client would wait for the connection's end.
      if (!isEmpty) writer.contentLength(0);
    } else if (this.#isHttp10) {
      client.closeAfterAnswer();
      if (!isEmpty) this.#content = Content.asGiven;
    } else if (hasLength && status !== 304) {
      writer.line(CHUNKED);
      if (!isEmpty) this.#content = framing === BodyFraming.chunks ? Content.asGiven : Content.chunks;
    }
  }

  #send(bytes: Uint8Array, from: number, to: number, isFirst: boolean): void {
    const { connection, server } = this.client;
    const length = to - from;
    if (this.#content === Content.dropped) return;
    if (this.#content === Content.length) {
      // More than was announced would be taken for the next answer.
      if (length > this.#left) {
        this.abort("aborted");
        return;
      }
      this.#left -= length;
    }
    this.responseBodyBytes += length;
    if (this.#content === Content.chunks) this.#sendChunk(bytes, from, to);
    else if (isFirst) server.output.join(connection, bytes, from, to);
    else server.output.write(connection, bytes, from, to);
  }

  #sendChunk(bytes: Uint8Array, from: number, to: number): void {
    const { connection, server } = this.client;
    const { output } = server;
    const at = output.reserve(connection, MAX_CHUNK_HEAD_BYTES + JOINED_BYTES + CRLF.length);
    output.length = writeChunkHead(output.block, at, to - from);
    output.join(connection, bytes, from, to);
    output.join(connection, CRLF, 0, CRLF.length);
  }

  /** @returns false where the trailers are too long */
  #endChunks(trailers: Head | undefined, bytes: Uint8Array | undefined): boolean {
    const { connection, server } = this.client;
    const { writer, output } = server;
    if (trailers === undefined || bytes === undefined) {
      output.join(connection, LAST_CHUNK, 0, LAST_CHUNK.length);
    } else {
      writer.open(this);
      writer.line(LAST_CHUNK_LINE);
      writer.lines(trailers, bytes);
      if (writer.overflowed) return false;
      writer.finish(false);
    }
    output.settle();
    return true;
  }
}
