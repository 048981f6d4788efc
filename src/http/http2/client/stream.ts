import { TenkError } from "../../../base/mod.ts";
import { type Connection, logHandlerFailed } from "../../../net/mod.ts";
import type { Head } from "../../../wire/http1/mod.ts";
import type {
  FailurePhase,
  FailureReason,
  RequestBlock,
  ResponseEvents,
  ResponseFraming,
  TargetExchange,
  TargetFailure,
} from "../../client/mod.ts";
import { ByteQueue, release } from "../byte-queue.ts";
import { ReceiveWindow } from "../receive-window.ts";
import type { SendingStream } from "../sender.ts";
import { Trailers } from "../trailers.ts";
import type { ClientSession } from "./session.ts";

/** Held for a connection that is not there yet, before `full` asks the caller to wait, and at most. */
const HELD_HIGH_BYTES = 65_536;
const HELD_MAX_BYTES = 4 * 1024 * 1024;

type FailureDetails = Partial<Pick<TargetFailure, "cause" | "isReused" | "isUnprocessed">>;

/** What a stream asks of the target that it was given to. */
export interface StreamOwner {
  readonly streamWindowBytes: number;
  /** It has given up before it had a connection. */
  withdrawn(stream: ClientStream): void;
  ended(outcome: "answered" | "aborted" | FailureReason, text: string): void;
}

/**
 * A request to a target that speaks HTTP/2, and its answer.
 *
 * ```text
 *   send ─► held, until there is a session ─► attach: HEADERS, DATA ─► response ─► body ─► bodyEnd
 *                                                     write, end          └─ paused: kept, no WINDOW_UPDATE
 * ```
 */
export class ClientStream implements TargetExchange, SendingStream {
  readonly events: ResponseEvents;
  bodyFraming: ResponseFraming = "none";
  bodyLength = 0;
  isReused = false;
  mayBeSilent = false;
  isOver = false;
  isWhole: boolean;
  // ---- the request
  /** The length of its content, where it has one; else -1. */
  readonly announcedBytes: number;
  id = 0;
  sendWindow = 0;
  queue: ByteQueue | undefined;
  progressMs = 0;
  isFull = false;
  /** Its head, copied, while it waits. */
  held: Uint8Array | undefined;
  readonly #owner: StreamOwner;
  readonly #framing: RequestBlock["framing"];
  /** Bytes of the request's length that are still to come. */
  #left: number;
  #heldContent: ByteQueue | undefined;
  #trailers: Uint8Array | undefined;
  #hasSentEnd = false;
  // ---- the answer
  readonly isHead: boolean;
  readonly window: ReceiveWindow;
  session: ClientSession | undefined;
  hasResponse = false;
  /** When something last came, or the request was sent. */
  receivedMs = 0;
  interims = 0;
  #isPaused = false;
  /** All of the answer is here, though perhaps not passed on yet. */
  isAnswerWhole = false;
  #receivedBytes = 0;
  #kept: ByteQueue | undefined;
  #answerTrailers: Trailers | undefined;

  constructor(owner: StreamOwner, events: ResponseEvents, block: RequestBlock) {
    const { framing, bodyBytes, bodyLength, isWhole } = block;
    if (framing === "carried") throw misused("its content is carried as chunks, which HTTP/2 does not have");
    if (block.isUpgrade) throw misused("it asks for another protocol, which HTTP/2 does not do this way");
    this.#owner = owner;
    this.#framing = framing;
    this.#left = framing === "length" ? bodyLength - bodyBytes : 0;
    if (this.#left < 0 || (isWhole && this.#left > 0)) throw misused(`its length leaves ${this.#left} bytes`);
    if (framing === "none" && (bodyBytes > 0 || !isWhole)) throw misused("it has no body");
    this.announcedBytes = framing === "length" ? bodyLength : -1;
    this.events = events;
    this.isHead = block.isHead;
    this.isWhole = isWhole;
    this.window = new ReceiveWindow(owner.streamWindowBytes);
  }

  get connection(): Connection<unknown> | undefined {
    return this.session?.connection;
  }
  get full(): boolean {
    return this.session === undefined ? (this.#heldContent?.length ?? 0) > HELD_HIGH_BYTES : this.isFull;
  }
  get isEnding(): boolean {
    return this.isWhole && !this.#hasSentEnd;
  }
  get phase(): FailurePhase {
    if (this.session === undefined) return "connect";
    return this.hasResponse ? "in-response" : "before-response";
  }
  get isPaused(): boolean {
    return this.#isPaused;
  }

  // ---- called by the caller -------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): void {
    if (this.isOver) return;
    if (this.isWhole) throw misused("it is complete already");
    if (this.#framing === "length") {
      if (bytes.length > this.#left) throw misused(`${this.#left} bytes are left of its length, not ${bytes.length}`);
      this.#left -= bytes.length;
    }
    this.content(bytes);
  }

  end(trailers?: Uint8Array): void {
    if (this.isOver || this.isWhole) return;
    if (this.#left > 0) throw misused(`${this.#left} bytes of its length are missing`);
    this.isWhole = true;
    if (trailers !== undefined && trailers.length > 0) this.#trailers = new Uint8Array(trailers);
    if (this.session !== undefined && this.queue === undefined) this.sendEnd();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.receivedMs = performance.now();
    this.#deliverKept();
  }

  abort(): void {
    if (this.isOver) return;
    const { session } = this;
    this.#finish("aborted");
    if (session === undefined) this.#owner.withdrawn(this);
    else session.cancel(this);
  }

  // ---- called by the session -------------------------------------------------------------------------------------------

  /** Sends what was held; the head is sent. */
  flushHeld(): void {
    const held = this.#heldContent;
    this.held = undefined;
    this.#heldContent = undefined;
    const wasFull = held !== undefined && held.length > HELD_HIGH_BYTES;
    while (held !== undefined && held.length > 0 && !this.isOver) {
      const bytes = held.first();
      const emptied = held.take(bytes.length);
      this.content(bytes);
      release(emptied);
    }
    if (this.isEnding && this.queue === undefined && !this.isOver) this.sendEnd();
    if (wasFull && !this.isFull) this.drain();
  }

  /** Sends content, or holds it. */
  content(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.session !== undefined) {
      this.session.sender.content(this, bytes, 0, bytes.length);
      return;
    }
    this.#heldContent ??= new ByteQueue();
    if (this.#heldContent.length + bytes.length > HELD_MAX_BYTES) this.overflowed();
    else this.#heldContent.push(bytes);
  }

  sendEnd(): void {
    this.#hasSentEnd = true;
    this.session?.sendEnd(this, this.#trailers);
    this.#settle();
  }

  drain(): void {
    this.isFull = false;
    if (this.isOver) return;
    try {
      this.events.drain();
    } catch (error) {
      this.#eventFailed(error);
    }
  }

  /** Passes on the head of the answer, or of an interim one. */
  respond(head: Head, bytes: Uint8Array): void {
    try {
      if (head.status < 200) this.events.interim(head, bytes);
      else this.events.response(head, bytes, 0, 0);
    } catch (error) {
      this.#eventFailed(error);
    }
  }

  /** Nothing more is sent of it, so that a part does not look whole. Within `send` no event may come, so the failure comes later. */
  overflowed(): void {
    if (this.isOver) return;
    const tell = this.#failure("request-overflow", "more was written to it than may wait", {});
    queueMicrotask(tell);
  }

  /** @returns false where the answer breaks its own length */
  receive(bytes: Uint8Array): boolean {
    this.#receivedBytes += bytes.length;
    if (this.bodyFraming === "none" || (this.bodyFraming === "length" && this.#receivedBytes > this.bodyLength))
      return false;
    if (this.#isPaused || this.#kept !== undefined) {
      this.#kept ??= new ByteQueue();
      this.#kept.push(bytes);
    } else this.#deliver(bytes);
    return true;
  }

  /** The answer is complete; its trailers are borrowed. @returns false where it breaks its own length */
  receiveEnd(trailers?: Head, bytes?: Uint8Array): boolean {
    if (this.bodyFraming === "length" && this.#receivedBytes !== this.bodyLength) return false;
    this.isAnswerWhole = true;
    if (trailers !== undefined && bytes !== undefined) this.#answerTrailers = new Trailers(trailers, bytes);
    this.#settle();
    return true;
  }

  /** Fails, and resets its stream where it has one. */
  fail(reason: FailureReason, text: string, more: FailureDetails = {}): void {
    if (!this.isOver) this.#failure(reason, text, more)();
  }

  /** Ends it. @returns what tells the caller */
  #failure(reason: FailureReason, text: string, more: FailureDetails): () => void {
    const { phase, session } = this;
    this.#finish(reason, text);
    if (session === undefined) this.#owner.withdrawn(this);
    else session.cancel(this);
    const isTimeout = reason.endsWith("-timeout");
    const { cause, isReused = false, isUnprocessed = false } = more;
    return () => this.events.failed({ phase, reason, text, cause, isReused, isUnprocessed, isTimeout });
  }

  // ---- inside ----------------------------------------------------------------------------------------------------------

  #deliver(bytes: Uint8Array): void {
    try {
      this.events.body(bytes);
    } catch (error) {
      this.#eventFailed(error);
    }
    this.session?.giveBack(this, bytes.length);
  }

  #deliverKept(): void {
    for (let kept = this.#kept; kept !== undefined && !this.#isPaused && !this.isOver; kept = this.#kept) {
      const bytes = kept.first();
      const emptied = kept.take(bytes.length);
      if (kept.length === 0) this.#kept = undefined;
      this.#deliver(bytes);
      release(emptied);
    }
    this.#settle();
  }

  /** An answer that is whole ends the exchange, also before the request is: what is left of that is not wanted. */
  #settle(): void {
    if (this.isOver || !this.isAnswerWhole || this.#isPaused || this.#kept !== undefined) return;
    const { session } = this;
    const trailers = this.#answerTrailers;
    this.#finish("answered");
    if (this.#hasSentEnd) session?.leave(this);
    else session?.cancel(this);
    try {
      this.events.bodyEnd(trailers?.head, trailers?.bytes);
    } catch (error) {
      this.#eventFailed(error);
    }
  }

  /** An event that throws ends its own request, and none of the others on the connection. */
  #eventFailed(error: unknown): void {
    logHandlerFailed(error);
    this.fail("handler-error", "what was done with its answer failed", { cause: error });
  }

  #finish(outcome: "answered" | "aborted" | FailureReason, text = ""): void {
    this.isOver = true;
    this.held = undefined;
    this.#heldContent = undefined;
    // The stream is over, but all streams share the connection's window.
    if (this.#kept !== undefined) this.session?.giveBack(this, this.#kept.clear());
    this.#kept = undefined;
    this.#owner.ended(outcome, text);
  }
}

/** A caller's mistake must be loud. */
function misused(why: string): TenkError {
  return new TenkError("invalid-option", `Cannot write a request: ${why}`);
}
