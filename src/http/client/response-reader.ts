import {
  type BodyFraming,
  ChunkedBody,
  FIELD_STRIDE,
  FieldName,
  Head,
  HeadAssembler,
  type HeadLimits,
  persists,
  RESPONSE_BODY_LIMITS,
  readResponse,
  readTrailers,
  responseFraming,
} from "../../wire/http1/mod.ts";
import type { TargetConnection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { keepAliveSeconds } from "./keep-alive.ts";
import type { HttpTargetSettings } from "./options.ts";

/** Field lines of an answer's head. */
const MAX_FIELDS = 256;

// What is awaited.
const NOTHING = 0;
const HEAD = 1;
const LENGTH = 2;
const CHUNKS = 3;
const CLOSE = 4;
const TUNNEL = 5;
/** Nothing, while the head of an answer without a body is delivered. */
const EMPTY = 6;

const MORE_THAN_CHUNKS = "bytes behind its last chunk";

/** The heads that are not in use: one for the event loop, more only where an event of one answer makes another be read. */
const freeHeads = [new Head(MAX_FIELDS)];

/**
 * Reads the answers of one connection, one after the other, and holds them to RFC 9112: what is wrong with one is a failure,
 * never a shorter answer.
 *
 * ```text
 *   begin ─► HEAD ─ 1xx ─► HEAD ─┬─ HEAD request, 204, 304 ──────────────► answered
 *                                ├─ LENGTH · CHUNKS · CLOSE (§6.3) ──────► answered
 *                                └─ 101 that was asked for ─► TUNNEL ─ FIN of both ─► closed
 * ```
 */
export class ResponseReader {
  /** A byte of an answer came. */
  hasStarted = false;
  /** The target finished its side of a tunnel. */
  isFinished = false;
  readonly #connection: TargetConnection;
  readonly #settings: HttpTargetSettings;
  readonly #limits: HeadLimits;
  #exchange!: Exchange;
  #state = NOTHING;
  #left = 0;
  #chunks: ChunkedBody | undefined;
  #pieces: HeadAssembler | undefined;
  #interims = 0;
  #keepMs = 0;

  constructor(connection: TargetConnection, settings: HttpTargetSettings) {
    this.#connection = connection;
    this.#settings = settings;
    this.#limits = { maxBytes: settings.maxHeadBytes, maxTargetBytes: 0 };
  }

  get awaitsHead(): boolean {
    return this.#state === HEAD;
  }

  get isTunnel(): boolean {
    return this.#state === TUNNEL;
  }

  begin(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#state = HEAD;
    this.hasStarted = false;
    this.#interims = 0;
  }

  stop(): void {
    this.#state = NOTHING;
    this.#pieces = undefined;
    this.#chunks = undefined;
  }

  read(bytes: Uint8Array): void {
    const exchange = this.#exchange;
    const interims = this.#interims;
    if (this.#state === HEAD) {
      this.hasStarted = true;
      const head = freeHeads.pop() ?? new Head(MAX_FIELDS);
      try {
        this.#readHead(exchange, head, bytes);
      } finally {
        freeHeads.push(head);
      }
    } else this.#readBody(exchange, bytes);
    // Pieces of a head are no progress: a target that drips one byte a minute would never be late.
    const hasProgressed = this.#state !== HEAD || this.#interims > interims;
    if (!exchange.isOver && hasProgressed) this.#connection.progressed();
  }

  /**
   * The target sent its FIN. Under TLS the runtime does not say whether a close_notify came with it, which RFC 9112 §9.8 asks
   * for where only the close ends an answer.
   *
   * @returns whether the answer may end with it
   */
  finished(): boolean {
    const exchange = this.#exchange;
    if (this.#state === TUNNEL) {
      this.isFinished = true;
      exchange.events.bodyEnd();
      return true;
    }
    if (this.#state !== CLOSE) return false;
    this.#doneIf(true);
    return true;
  }

  // ---- head ----------------------------------------------------------------------------------------------------------

  #readHead(exchange: Exchange, head: Head, bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !exchange.isOver && this.#state === HEAD) {
      const held = this.#pieces;
      const taken = held === undefined ? this.#readWhole(head, bytes, at) : this.#readPiece(held, head, bytes, at);
      if (taken <= 0) {
        if (taken < 0) this.#refuse(head.refusal ?? "it is no HTTP/1.1");
        return;
      }
      at += taken;
      this.#pieces = undefined;
      const headBytes = held?.bytes ?? bytes;
      if (head.status >= 200) this.#final(exchange, head, headBytes, bytes, at);
      else if (head.status === 101) this.#tunnel(exchange, head, headBytes, bytes, at);
      else this.#interim(exchange, head, headBytes);
    }
  }

  /** @returns the head's length; 0 when it is not complete, and kept; or a `HeadError` */
  #readWhole(head: Head, bytes: Uint8Array, from: number): number {
    const length = readResponse(head, bytes, from, bytes.length, this.#limits);
    if (length !== 0) return length;
    this.#pieces = new HeadAssembler(this.#limits.maxBytes);
    return this.#readPiece(this.#pieces, head, bytes, from);
  }

  /** @returns how many of these bytes belong to the head, which is complete; 0 when it is not; or a `HeadError` */
  #readPiece(pieces: HeadAssembler, head: Head, bytes: Uint8Array, from: number): number {
    const taken = pieces.add(bytes, from, bytes.length);
    head.refusal = pieces.refusal;
    if (taken <= 0) return taken;
    const length = readResponse(head, pieces.bytes, 0, pieces.length, this.#limits);
    return length === pieces.length ? taken : Math.min(length, -1);
  }

  #interim(exchange: Exchange, head: Head, headBytes: Uint8Array): void {
    this.#interims += 1;
    if (this.#interims > this.#settings.maxInterims) this.#refuse("too many 1xx answers");
    else exchange.events.interim(head, headBytes);
  }

  #tunnel(exchange: Exchange, head: Head, headBytes: Uint8Array, bytes: Uint8Array, from: number): void {
    if (!exchange.isUpgrade || !exchange.isWhole) {
      this.#refuse("101 to a request that asked for no other protocol");
      return;
    }
    this.#state = TUNNEL;
    exchange.bodyFraming = "tunnel";
    this.#connection.switched();
    deliver(exchange, head, headBytes, bytes, from, bytes.length);
  }

  /** Decides how the body is delimited (RFC 9112 §6.3), and checks what there is of it before anything is delivered. */
  #final(exchange: Exchange, head: Head, headBytes: Uint8Array, bytes: Uint8Array, from: number): void {
    this.#keepMs = this.#keepMsOf(head, headBytes);
    const framing = responseFraming(head, exchange.isHead);
    if (framing === "none") {
      this.#state = EMPTY;
      // Some servers send a body all the same. It is known to be none, so the answer is whole without it.
      if (from < bytes.length) this.#keepMs = 0;
      deliver(exchange, head, headBytes, bytes, from, from);
      this.#doneIf(true);
      return;
    }
    this.#beginBody(exchange, head, framing);
    const isUnpacked = this.#state === CHUNKS && !exchange.carriesChunks;
    const problem = isUnpacked ? undefined : this.#advance(bytes, from);
    if (problem !== undefined) {
      this.#state = HEAD;
      this.#refuse(problem);
      return;
    }
    deliver(exchange, head, headBytes, bytes, from, isUnpacked ? from : bytes.length);
    if (exchange.isOver) return;
    if (isUnpacked) this.#unpack(exchange, bytes, from);
    else this.#doneIf(this.#isComplete);
  }

  #beginBody(exchange: Exchange, head: Head, framing: Exclude<BodyFraming, "none">): void {
    exchange.bodyFraming = framing;
    if (framing === "chunked") {
      this.#state = CHUNKS;
      this.#chunks = new ChunkedBody(RESPONSE_BODY_LIMITS);
    } else if (framing === "length") {
      this.#state = LENGTH;
      this.#left = head.contentLength;
      exchange.bodyLength = head.contentLength;
    } else {
      this.#state = CLOSE;
      this.#keepMs = 0;
    }
  }

  /** RFC 9112 §9.3, and a second less than the target promises. */
  #keepMsOf(head: Head, bytes: Uint8Array): number {
    const { keepMs, maxKeepMs } = this.#settings;
    if (!persists(head) || keepMs === 0) return 0;
    const line = head.at(FieldName.keepAlive);
    if (line < 0) return keepMs;
    const place = line * FIELD_STRIDE;
    const seconds = keepAliveSeconds(bytes, head.fields[place + 2]!, head.fields[place + 3]!);
    return seconds < 0 ? keepMs : Math.min((seconds - 1) * 1000, Math.max(keepMs, maxKeepMs));
  }

  // ---- body ----------------------------------------------------------------------------------------------------------

  #readBody(exchange: Exchange, bytes: Uint8Array): void {
    if (this.#state === CHUNKS && !exchange.carriesChunks) {
      this.#unpack(exchange, bytes, 0);
      return;
    }
    const problem = this.#advance(bytes, 0);
    if (problem !== undefined) {
      this.#refuse(problem);
      return;
    }
    exchange.events.body(bytes);
    this.#doneIf(this.#isComplete);
  }

  /** Counts bytes that are passed on as they are. @returns what is wrong with them */
  #advance(bytes: Uint8Array, from: number): string | undefined {
    if (this.#state === LENGTH) {
      this.#left -= bytes.length - from;
      return this.#left < 0 ? "more bytes than its Content-Length says" : undefined;
    }
    if (this.#state !== CHUNKS) return undefined;
    const taken = this.#chunks!.follow(bytes, from, bytes.length);
    if (taken < 0) return this.#chunks!.refusal ?? "bad chunk";
    return from + taken < bytes.length ? MORE_THAN_CHUNKS : undefined;
  }

  get #isComplete(): boolean {
    return this.#state === LENGTH ? this.#left === 0 : this.#state === CHUNKS && this.#chunks!.done;
  }

  /** Delivers the payload of chunks. */
  #unpack(exchange: Exchange, bytes: Uint8Array, from: number): void {
    const chunks = this.#chunks!;
    let at = from;
    while (at < bytes.length && !chunks.done) {
      at = chunks.next(bytes, at, bytes.length);
      if (at < 0) {
        this.#refuse(chunks.refusal ?? "bad chunk");
        return;
      }
      if (chunks.runEnd > chunks.runStart) exchange.events.body(bytes.subarray(chunks.runStart, chunks.runEnd));
      if (exchange.isOver) return;
    }
    if (at < bytes.length) this.#refuse(MORE_THAN_CHUNKS);
    else this.#doneIf(chunks.done);
  }

  #doneIf(isComplete: boolean): void {
    const exchange = this.#exchange;
    if (!isComplete || exchange.isOver) return;
    const trailers = exchange.carriesChunks ? undefined : this.#chunks?.trailers;
    this.stop();
    // The connection is free before the caller hears of it: what it then sends goes on the same one.
    this.#connection.answered(exchange, this.#keepMs);
    if (trailers === undefined) {
      exchange.events.bodyEnd();
      return;
    }
    const head = new Head(MAX_FIELDS);
    readTrailers(head, trailers, 0, trailers.length);
    exchange.events.bodyEnd(head, trailers);
  }

  #refuse(why: string): void {
    this.#connection.lost("bad-response", `its answer is not valid: ${why}`);
  }
}

/** Gives the caller the head, and what came of the body: together, unless they lie in different blocks. */
function deliver(
  exchange: Exchange,
  head: Head,
  headBytes: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  if (headBytes === bytes) {
    exchange.events.response(head, bytes, from, to);
    return;
  }
  exchange.events.response(head, headBytes, head.length, head.length);
  if (from < to && !exchange.isOver) exchange.events.body(bytes.subarray(from, to));
}
