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
import { ByteQueue, release } from "./byte-queue.ts";
import { FrameOutput } from "./frame-output.ts";

/** Of an answer: above the first the handler is told to wait, below the second to go on. */
const HIGH_BYTES = 65_536;
const LOW_BYTES = 16_384;
/** Of all answers of a connection: above it each that waits for anything is told to wait. */
const HIGH_TOTAL_BYTES = 1_048_576;

/** A stream that sends content. */
export interface SendingStream {
  readonly id: number;
  /** What the peer lets us send on it. */
  sendWindow: number;
  /** Content that waits for windows. */
  queue: ByteQueue | undefined;
  /** When content last left the queue, or began to wait. */
  progressMs: number;
  /** Its owner was told to wait. */
  isFull: boolean;
  /** Whether it ends behind what is queued. */
  readonly isEnding: boolean;
  /** Ends it, all of whose content was sent. */
  sendEnd(): void;
  /** There is room for content again. */
  drain(): void;
  /** It may not keep so much waiting: ends it. @param bytes what would wait on its connection */
  overflowed(bytes: number): void;
}

/** What senders of an event loop share. */
export interface SenderOwner {
  /** Content of all streams of a connection that may wait. */
  readonly maxQueuedBytes: number;
  /** Where heads are encoded. */
  readonly headBlock: Uint8Array;
  /** Calls `flush` of the sender at the end of this turn. */
  flushAfterTurn(sender: Http2Sender): void;
}

/**
 * What a connection sends: heads at once; content as far as the client's windows and the connection's own write queue allow. The
 * rest waits in the queues of the streams, which take turns by the frame.
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
  readonly #owner: SenderOwner;
  #isFlushPlanned = false;
  /** Streams whose content waits, in the order in which they began to wait. */
  readonly #waiting: SendingStream[] = [];
  #queuedBytes = 0;

  constructor(connection: Connection<never>, owner: SenderOwner) {
    this.#connection = connection;
    this.#owner = owner;
    this.output = new FrameOutput(connection);
  }

  // ---- frames --------------------------------------------------------------------------------------------------------

  /** Sends the first `length` bytes of the writer's block as HEADERS, and CONTINUATION where they are many. */
  head(streamId: number, length: number, flags = 0): void {
    const { output } = this;
    const block = this.#owner.headBlock;
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
  content(stream: SendingStream, bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    if (stream.queue === undefined) {
      for (let taken = 1; at < to && taken > 0; at += taken) taken = this.#frame(stream, bytes, at, to);
      this.flushSoon();
    }
    if (at < to) this.#enqueue(stream, bytes.subarray(at, to));
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
    this.#owner.flushAfterTurn(this);
  }

  flush(): void {
    this.#isFlushPlanned = false;
    this.output.flush();
  }

  // ---- what waits ----------------------------------------------------------------------------------------------------

  /** Sends what waits, as far as it may be sent now. */
  pump(): void {
    let hasMoved = true;
    while (hasMoved && this.#waiting.length > 0 && this.window > 0 && !this.#connection.full) {
      hasMoved = false;
      for (const stream of [...this.#waiting]) if (this.pumpOne(stream)) hasMoved = true;
    }
  }

  /** Sends a frame of what waits of one stream. @returns whether there was something that may be sent */
  pumpOne(stream: SendingStream): boolean {
    const { queue } = stream;
    if (queue === undefined) return false;
    const bytes = queue.first();
    const taken = this.#frame(stream, bytes, 0, bytes.length);
    if (taken === 0) return false;
    stream.progressMs = performance.now();
    release(queue.take(taken));
    this.#queuedBytes -= taken;
    if (queue.length === 0) {
      stream.queue = undefined;
      this.#leaveTurns(stream);
      if (stream.isEnding) stream.sendEnd();
    }
    if (stream.isFull && queue.length <= LOW_BYTES) stream.drain();
    return true;
  }

  /** Drops what waits of a stream that has ended. */
  leave(stream: SendingStream): void {
    if (stream.queue === undefined) return;
    this.#queuedBytes -= stream.queue.length;
    stream.queue = undefined;
    this.#leaveTurns(stream);
  }

  #leaveTurns(stream: SendingStream): void {
    const at = this.#waiting.indexOf(stream);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #enqueue(stream: SendingStream, bytes: Uint8Array): void {
    const total = this.#queuedBytes + bytes.length;
    if (total > this.#owner.maxQueuedBytes) {
      stream.overflowed(total);
      return;
    }
    if (stream.queue === undefined) {
      stream.progressMs = performance.now();
      stream.queue = new ByteQueue();
      this.#waiting.push(stream);
    }
    stream.queue.push(bytes);
    this.#queuedBytes = total;
    if (stream.queue.length > HIGH_BYTES || total > HIGH_TOTAL_BYTES) stream.isFull = true;
  }

  /** Sends one frame of DATA. @returns how many bytes it took; 0 while none may be sent */
  #frame(stream: SendingStream, bytes: Uint8Array, from: number, to: number): number {
    if (this.#connection.full) return 0;
    const taken = Math.min(to - from, stream.sendWindow, this.window, DEFAULT_MAX_FRAME_BYTES);
    if (taken <= 0) return 0;
    this.output.add(FrameType.data, 0, stream.id, bytes, from, from + taken);
    stream.sendWindow -= taken;
    this.window -= taken;
    return taken;
  }
}
