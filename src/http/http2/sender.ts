import type { Connection } from "../../net/mod.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  type ErrorCode,
  FrameFlag,
  FrameType,
  HpackEncoder,
  PeerSettings,
  writeUint32,
} from "../../wire/http2/mod.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Http2Exchange } from "./exchange.ts";
import { FrameOutput } from "./frame-output.ts";
import type { Http2Server } from "./server.ts";

/** Of an answer: above the first the handler is told to wait, below the second to go on. */
const HIGH_BYTES = 65_536;
const LOW_BYTES = 16_384;
/** Of all answers of a connection: above it each that waits for anything is told to wait. */
const HIGH_TOTAL_BYTES = 1_048_576;

/**
 * What a connection sends: heads at once; content as far as the client's windows and the connection's own write queue allow. The
 * rest waits in the queues of the exchanges, which take turns by the frame.
 */
export class Http2Sender {
  readonly output: FrameOutput;
  readonly encoder = new HpackEncoder();
  readonly peer = new PeerSettings();
  /** What the client lets us send on this connection. */
  window = DEFAULT_WINDOW_BYTES;
  /** Frames are gathered for the end of a read, not of the turn. */
  isReading = false;
  readonly #connection: Connection<never>;
  readonly #server: Http2Server;
  #isFlushPlanned = false;
  /** Exchanges with content that waits. */
  readonly #waiting = new Set<Http2Exchange<unknown>>();
  #queuedBytes = 0;

  constructor(connection: Connection<never>, server: Http2Server) {
    this.#connection = connection;
    this.#server = server;
    this.output = new FrameOutput(connection);
  }

  // ---- frames --------------------------------------------------------------------------------------------------------

  /** Sends the first `length` bytes of the writer's block as HEADERS, and CONTINUATION where they are many. */
  head(streamId: number, length: number, flags = 0): void {
    const { output } = this;
    const { block } = this.#server.writer;
    let end = Math.min(length, DEFAULT_MAX_FRAME_BYTES);
    output.add(FrameType.headers, flags | (end === length ? FrameFlag.endHeaders : 0), streamId, block, 0, end);
    while (end < length) {
      const from = end;
      end = Math.min(length, from + DEFAULT_MAX_FRAME_BYTES);
      output.add(FrameType.continuation, end === length ? FrameFlag.endHeaders : 0, streamId, block, from, end);
    }
    this.flushSoon();
  }

  /** Sends content, or keeps a copy of what may not be sent yet. */
  content(exchange: Http2Exchange<unknown>, bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    if (exchange.queuedBytes === 0) {
      for (let taken = 1; at < to && taken > 0; at += taken) taken = this.#frame(exchange, bytes, at, to);
      this.flushSoon();
    }
    if (at < to) this.#enqueue(exchange, bytes.subarray(at, to));
  }

  end(streamId: number): void {
    this.output.endStream(streamId);
    this.flushSoon();
  }

  goAway(lastStreamId: number, code: ErrorCode): void {
    const at = this.output.frame(8, FrameType.goAway, 0, 0);
    writeUint32(this.output.block, at, lastStreamId);
    writeUint32(this.output.block, at + 4, code);
  }

  /** Sends a frame whose payload is one number: WINDOW_UPDATE, RST_STREAM. */
  number(type: number, streamId: number, value: number): void {
    const at = this.output.frame(4, type, 0, streamId);
    writeUint32(this.output.block, at, value);
    this.flushSoon();
  }

  /** Writes what was gathered at the end of this turn of the event loop, unless that happens earlier. */
  flushSoon(): void {
    if (this.isReading || this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    this.#server.flushAfterTurn(this);
  }

  flush(): void {
    this.#isFlushPlanned = false;
    this.output.flush();
  }

  // ---- what waits ----------------------------------------------------------------------------------------------------

  /** Sends what waits, as far as it may be sent now. */
  pump(): void {
    let hasMoved = true;
    while (hasMoved && this.#waiting.size > 0 && this.window > 0 && !this.#connection.full) {
      hasMoved = false;
      for (const exchange of [...this.#waiting]) if (this.pumpOne(exchange)) hasMoved = true;
    }
  }

  /** Sends a frame of what waits of one exchange. @returns whether there was something that may be sent */
  pumpOne(exchange: Http2Exchange<unknown>): boolean {
    const { queue } = exchange;
    if (queue === undefined) return false;
    const bytes = queue.first();
    const taken = this.#frame(exchange, bytes, 0, bytes.length);
    if (taken === 0) return false;
    exchange.progressMs = performance.now();
    queue.take(taken);
    this.#queuedBytes -= taken;
    if (queue.length === 0) {
      exchange.queue = undefined;
      this.#waiting.delete(exchange);
      if (exchange.isEnding) exchange.sendEnd();
    }
    if (exchange.isFull && exchange.queuedBytes <= LOW_BYTES) exchange.drain();
    return true;
  }

  /** Drops what waits of an exchange that has ended. */
  leave(exchange: Http2Exchange<unknown>): void {
    if (exchange.queuedBytes === 0) return;
    this.#queuedBytes -= exchange.queuedBytes;
    exchange.queue = undefined;
    this.#waiting.delete(exchange);
  }

  #enqueue(exchange: Http2Exchange<unknown>, bytes: Uint8Array): void {
    const total = this.#queuedBytes + bytes.length;
    if (total > this.#server.settings.maxQueuedBytes) {
      this.#server.reject("queued-bytes", this.#connection, `${total} bytes`);
      exchange.abort("aborted");
      return;
    }
    if (exchange.queuedBytes === 0) exchange.progressMs = performance.now();
    exchange.queue ??= new ByteQueue();
    exchange.queue.push(bytes);
    this.#queuedBytes = total;
    this.#waiting.add(exchange);
    if (exchange.queuedBytes > HIGH_BYTES || total > HIGH_TOTAL_BYTES) exchange.isFull = true;
  }

  /** Sends one frame of DATA. @returns how many bytes it took; 0 while none may be sent */
  #frame(exchange: Http2Exchange<unknown>, bytes: Uint8Array, from: number, to: number): number {
    if (this.#connection.full) return 0;
    const taken = Math.min(to - from, exchange.sendWindow, this.window, DEFAULT_MAX_FRAME_BYTES);
    if (taken <= 0) return 0;
    this.output.add(FrameType.data, 0, exchange.id, bytes, from, from + taken);
    exchange.sendWindow -= taken;
    this.window -= taken;
    return taken;
  }
}
