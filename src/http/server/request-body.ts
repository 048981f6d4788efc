import { ChunkedBody, Head, type Http1Refusal, readTrailers } from "../../wire/http1/mod.ts";
import type { ExchangeHandler } from "../exchange.ts";
import type { Http1Exchange } from "./http1-exchange.ts";
import { viewOf } from "./output.ts";

/** Trailers of a request in one event loop: read and passed on in one call. */
const trailerHead = new Head(64);

/** The content of a request, as it comes. One for a connection, used for each of its requests. */
export class RequestBody {
  /** Bytes of an announced length that are still to come. */
  #left = 0;
  #chunks: ChunkedBody | undefined;
  #dropped = 0;

  begin(head: Head): void {
    this.#left = Math.max(0, head.contentLength);
    this.#chunks = head.isChunked ? new ChunkedBody() : undefined;
    this.#dropped = 0;
  }

  get isWhole(): boolean {
    return this.#left === 0 && (this.#chunks === undefined || this.#chunks.done);
  }
  /** Why its framing is broken. */
  get refusal(): Http1Refusal | undefined {
    return this.#chunks?.refusal;
  }

  /** Returns whether more than so many bytes were announced and are still to come. */
  exceeds(bytes: number): boolean {
    return this.#left > bytes;
  }

  /**
   * Passes content to the handler until it ends, or the exchange does.
   *
   * @returns where it stopped; -1 where the framing is broken; -2 where it is more than the request may have
   */
  deliver(
    exchange: Http1Exchange<unknown>,
    handler: ExchangeHandler,
    bytes: Uint8Array,
    at: number,
    to: number,
  ): number {
    if (this.#chunks === undefined) {
      const end = Math.min(to, at + this.#left);
      this.#left -= end - at;
      return pass(exchange, handler, bytes, at, end) ? end : -2;
    }
    if (!exchange.carriesChunks) return this.#unpack(this.#chunks, exchange, handler, bytes, at, to);
    // Checked as a whole before any of it is passed on.
    const taken = this.#chunks.follow(bytes, at, to);
    if (taken < 0) return -1;
    return pass(exchange, handler, bytes, at, at + taken) ? at + taken : -2;
  }

  /** Tells the handler that the request is complete. */
  end(exchange: Http1Exchange<unknown>, handler: ExchangeHandler): void {
    const section = exchange.carriesChunks ? undefined : this.#chunks?.trailers;
    if (section === undefined) handler.bodyEnd?.(exchange, undefined, undefined);
    else {
      readTrailers(trailerHead, section, 0, section.length);
      handler.bodyEnd?.(exchange, trailerHead, section);
    }
  }

  /**
   * Reads content that nobody wants.
   *
   * @returns where it ends in `bytes[from, to)`; -1 where it is broken, or is more than `maxBytes` altogether
   */
  drop(bytes: Uint8Array, from: number, to: number, maxBytes: number): number {
    let end = Math.min(to, from + this.#left);
    if (this.#chunks !== undefined) {
      const taken = this.#chunks.follow(bytes, from, to);
      if (taken < 0) return -1;
      end = from + taken;
    } else this.#left -= end - from;
    this.#dropped += end - from;
    return this.#dropped > maxBytes ? -1 : end;
  }

  #unpack(
    chunks: ChunkedBody,
    exchange: Http1Exchange<unknown>,
    handler: ExchangeHandler,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): number {
    let at = from;
    while (at < to && !chunks.done && !exchange.hasEnded) {
      at = chunks.next(bytes, at, to);
      if (at < 0) return -1;
      const { runStart, runEnd } = chunks;
      if (runEnd > runStart && !pass(exchange, handler, bytes, runStart, runEnd)) return -2;
    }
    return at;
  }
}

/** @returns whether it is within the request's limit */
function pass(
  exchange: Http1Exchange<unknown>,
  handler: ExchangeHandler,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (!exchange.takesBody(to - from)) return false;
  if (handler.body !== undefined && to > from) handler.body(exchange, viewOf(bytes, from, to));
  return true;
}
