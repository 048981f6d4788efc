import type { CloseReason } from "../reasons.ts";
import type { Connection, Handler, HandlerResult } from "../types.ts";
import { Turn } from "./turn.ts";

/** Pieces in which a large chunk is written: the write queue then never holds more than its high mark and one of them. */
const PIECE_BYTES = 64 * 1024;

export interface WebStreamsOptions {
  /** Bytes that wait to be read before the peer is slowed. @default {65536} */
  queueBytes?: number;
}

export interface WebStreams {
  readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  writable: WritableStream<Uint8Array>;
}

/**
 * A connection as the web's streams, for what takes those: `pipeTo`, `TextDecoderStream`, `CompressionStream`, `for await`.
 * Chunks are copied and every one costs promises; where that matters stay with a handler.
 *
 * ```text
 *   readable  peer's FIN ► closes · not read: the peer is slowed · cancel() ► reset
 *   writable  write() resolves when the write queue has room · close() ► end() · abort() ► reset
 * ```
 *
 * Any other end makes both fail with an error that names the reason. To read on after `writable.close()`, and to answer after
 * the peer's FIN, the connection needs `halfOpen: true`. `close()` does not wait until the peer has everything. The handler is
 * replaced for good; its `close` and `shutdown` are still called.
 *
 * ```ts
 * import { connect, listen, webStreams } from "tenk";
 *
 * const shout = () => new TransformStream({ transform: (text, to) => to.enqueue(text.toUpperCase()) });
 * const server = await listen({ port: 0, halfOpen: true }, {
 *   open(connection) {
 *     const { readable, writable } = webStreams(connection);
 *     const upper = readable.pipeThrough(new TextDecoderStream()).pipeThrough(shout());
 *     return upper.pipeThrough(new TextEncoderStream()).pipeTo(writable);
 *   },
 * });
 * const client = webStreams(await connect({ port: server.port, halfOpen: true }, {}));
 * const writer = client.writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close();
 * await new Response(client.readable).text(); // "HELLO"
 * await server.stop();
 * ```
 */
export function webStreams<Data>(connection: Connection<Data>, options: WebStreamsOptions = {}): WebStreams {
  const bridge = new Bridge(connection as Connection, options.queueBytes ?? 64 * 1024);
  return { readable: bridge.readable, writable: bridge.writable };
}

class Bridge implements Handler {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  /** Each direction has its own backpressure here. */
  readonly readsWhileFull = true;
  readonly #connection: Connection;
  readonly #former: Handler;
  readonly #turn = new Turn();
  #reader!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #writer!: WritableStreamDefaultController;
  #readable = true;
  #writable = true;
  /** Between two pieces of a chunk. */
  #isWriting = false;
  /** We finished first, and in order. */
  #ended = false;
  #failure: Error | undefined;

  constructor(connection: Connection, queueBytes: number) {
    this.#connection = connection;
    this.#former = connection.handler;
    this.readable = this.#makeReadable(queueBytes);
    this.writable = this.#makeWritable();
    if (connection.closed) {
      this.#fail("handler", undefined);
      return;
    }
    connection.handler = this;
  }

  chunk(connection: Connection, bytes: Uint8Array): void {
    if (!this.#readable) return;
    this.#reader.enqueue(new Uint8Array(bytes));
    if ((this.#reader.desiredSize ?? 0) <= 0) connection.pause();
  }

  isSending(): boolean {
    return this.#isWriting;
  }

  drain(): void {
    this.#turn.tell();
  }

  end(): void {
    this.#closeReadable();
  }

  shutdown(connection: Connection, graceMs: number): HandlerResult {
    return this.#former.shutdown?.(connection, graceMs);
  }

  close(connection: Connection, reason: CloseReason, cause: Error | undefined): HandlerResult {
    // Where we ended first, the peer's FIN is reported as the end of the connection.
    if (this.#ended && (reason === "handler" || reason === "peer")) this.#closeReadable();
    this.#fail(reason, cause);
    return this.#former.close?.(connection, reason, cause);
  }

  #makeReadable(queueBytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#reader = controller;
        },
        pull: () => this.#connection.resume(),
        cancel: () => {
          this.#readable = false;
          this.#connection.reset();
        },
      },
      { highWaterMark: queueBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  #makeWritable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writer = controller;
        // `abort` below waits for the write under way, which a peer that takes nothing holds up.
        const { signal } = controller as { signal?: AbortSignal }; // the runtime has it, its types do not
        signal?.addEventListener("abort", () => this.#connection.reset());
      },
      write: (chunk) => this.#write(chunk),
      close: () => {
        this.#writable = false;
        this.#ended = true;
        this.#connection.end();
      },
      abort: () => {
        this.#writable = false;
        this.#connection.reset();
      },
    });
  }

  async #write(chunk: Uint8Array): Promise<void> {
    const connection = this.#connection;
    this.#isWriting = true;
    try {
      await this.#writePieces(connection, chunk);
    } finally {
      this.#isWriting = false;
      // An end that waited for this comes now.
      if (!connection.closed && connection.handler === this) connection.handler = this;
    }
  }

  async #writePieces(connection: Connection, chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const taken = connection.write(chunk.subarray(at, at + PIECE_BYTES));
      if (taken === 0) throw this.#failure ?? closedError("handler", undefined);
      while (connection.full && !connection.closed) await this.#turn.next();
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  #closeReadable(): void {
    if (!this.#readable) return;
    this.#readable = false;
    this.#reader.close();
  }

  #fail(reason: CloseReason, cause: Error | undefined): void {
    this.#failure = closedError(reason, cause);
    this.#turn.tell();
    if (this.#readable) this.#reader.error(this.#failure);
    if (this.#writable) this.#writer.error(this.#failure);
    this.#readable = false;
    this.#writable = false;
  }
}

function closedError(reason: CloseReason, cause: Error | undefined): Error {
  return new Error(`The connection was closed: ${reason}`, cause === undefined ? {} : { cause });
}
