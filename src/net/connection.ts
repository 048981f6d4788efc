import { systemCodeOf, TenkError } from "../base/mod.ts";
import { type CutResult, FrameCutter, type Framing } from "../wire/mod.ts";
import { Count, placeOfClose } from "./counts.ts";
import type { Timed } from "./deadlines.ts";
import type { Endpoint, RawSocket, SocketEvents } from "./endpoint.ts";
import { sayHandlerFailed } from "./handler-failure.ts";
import { Outbox } from "./outbox.ts";
import type { CloseReason } from "./reasons.ts";
import type { Connection, HandlerResult } from "./types.ts";

// One number of bits instead of a field each: ten thousand connections, seven facts.
const PAUSED_BY_HANDLER = 1;
const PAUSED_BY_OUTBOX = 2;
const ENDED = 4; // end() was called: no more writes
const FIN_SENT = 8;
const PEER_FINISHED = 16;
const CLOSED = 32;
const HEARD = 64; // the first byte came
const PAUSED = PAUSED_BY_HANDLER | PAUSED_BY_OUTBOX;

/** How long after our FIN the peer's is awaited. Closing at once would answer bytes still under way with a reset, and a
 * reset makes the peer's kernel throw away what it has not read yet (RFC 1122 §4.2.2.13, RFC 7230 §6.6). */
const LINGER_MS = 5_000;

const encoder = new TextEncoder();

/**
 * A connection, from its first byte to its one end.
 *
 * ```text
 *   received ─► handler.chunk          write ─► kernel, rest ─► outbox ─► writable ─► kernel
 *                     all ends: end · close · peer · reset · deadline · error ─► #finish(reason)
 * ```
 */
export class TcpConnection<Data> implements Connection<Data>, SocketEvents, Timed {
  data!: Data;
  /** Kept, not asked for: the socket forgets it when it closes, and `close` is where people log it. */
  readonly remoteAddress: string;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #socket: RawSocket;
  readonly #endpoint: Endpoint<Data>;
  readonly #slot: number;
  readonly #openedMs: number;
  #activeMs: number;
  /** When the kernel last took bytes while others waited, or when our FIN was sent: what stalling is measured from. */
  #progressMs = 0;
  #flags = 0;
  #outbox: Outbox | undefined;
  #reason: CloseReason | undefined;
  /** Only where the handler has `frame`, from the first bytes on. */
  #cutter: FrameCutter | undefined;

  constructor(socket: RawSocket, remoteAddress: string, endpoint: Endpoint<Data>) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.#endpoint = endpoint;
    this.#slot = endpoint.deadlines.join(this);
    this.#openedMs = endpoint.deadlines.nowMs;
    this.#activeMs = this.#openedMs;
  }

  get remotePort(): number {
    return this.#socket.remotePort ?? 0;
  }
  get localAddress(): string {
    return this.#socket.localAddress ?? "";
  }
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }
  get queuedBytes(): number {
    return this.#outbox?.length ?? 0;
  }
  get full(): boolean {
    return (this.#flags & PAUSED_BY_OUTBOX) !== 0;
  }
  get closed(): boolean {
    return (this.#flags & CLOSED) !== 0;
  }
  get ageMs(): number {
    return performance.now() - this.#openedMs;
  }

  write(given: Uint8Array | string): number {
    if ((this.#flags & (ENDED | CLOSED)) !== 0) return 0;
    const bytes = typeof given === "string" ? encoder.encode(given) : given;
    const length = bytes.length;
    const queued = this.#outbox?.length ?? 0;
    // A negative answer is a socket that just died; its close event follows and finds these bytes in the outbox.
    const sent = queued > 0 ? 0 : Math.max(0, this.#socket.write(bytes));
    if (sent > 0) this.#wrote(sent);
    if (sent < length && !this.#queue(sent === 0 ? bytes : bytes.subarray(sent))) return 0;
    this.#endpoint.counts[Count.writes]! += 1;
    return length;
  }

  setFraming(framing: Framing): void {
    if (this.#endpoint.handler.frame === undefined) {
      throw new TenkError(
        "invalid-option",
        "Cannot set a framing as the handler must have a frame method: it has none",
      );
    }
    this.#cutter ??= new FrameCutter(framing);
    this.#cutter.framing = framing;
  }

  pause(): void {
    this.#setPaused(this.#flags | PAUSED_BY_HANDLER);
  }

  resume(): void {
    this.#setPaused(this.#flags & ~PAUSED_BY_HANDLER);
  }

  end(): void {
    this.endFor("handler");
  }

  /** `end`, with the reason that will be counted. */
  endFor(reason: CloseReason): void {
    if ((this.#flags & (ENDED | CLOSED)) !== 0) return;
    this.#flags |= ENDED;
    this.#reason = reason;
    if (!this.#endpoint.socket.halfOpen) this.#cutter?.discard();
    if (this.#outbox === undefined) this.#sendFin();
  }

  close(reason: CloseReason = "handler"): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.#finish(reason, undefined);
    this.#socket.end();
  }

  reset(): void {
    this.#abort("handler", undefined);
  }

  // ---- what the handler's owner calls ------------------------------------------------------------------------------

  /** Runs the handler's `open`; the connection may be closed when this returns. */
  opened(): void {
    const { limits, handler } = this.#endpoint;
    if (limits.idleMs + limits.firstByteMs + limits.lifetimeMs > 0) this.#rearm();
    if (handler.open) this.#run(() => handler.open?.(this));
  }

  shutdown(graceMs: number): void {
    const { handler } = this.#endpoint;
    if (this.closed) return;
    if (handler.shutdown) this.#run(() => handler.shutdown?.(this, graceMs));
    else this.endFor("shutdown");
  }

  // ---- what the socket tells ---------------------------------------------------------------------------------------

  /** The hot path: about ten stores and one call. */
  received(bytes: Uint8Array): void {
    const endpoint = this.#endpoint;
    const counts = endpoint.counts;
    counts[Count.bytesRead]! += bytes.length;
    counts[Count.chunksRead]! += 1;
    this.bytesRead += bytes.length;
    this.#activeMs = endpoint.deadlines.nowMs;
    this.#flags |= HEARD;
    // After end() the peer's bytes are read, so that its kernel can close in peace, but nobody wants them any more.
    if ((this.#flags & (ENDED | CLOSED)) !== 0 && !endpoint.socket.halfOpen) return;
    const { handler } = endpoint;
    if (handler.chunk === undefined || handler.frame !== undefined) {
      this.#cut(bytes);
      return;
    }
    try {
      const result = handler.chunk(this, bytes);
      if (typeof result === "object") this.#watch(result);
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  writable(): void {
    const outbox = this.#outbox;
    if (outbox === undefined || this.closed) return; // the runtime also calls after open and resume
    const sent = Math.max(0, this.#socket.write(outbox.waiting()));
    if (sent === 0) return;
    outbox.consume(sent);
    this.#endpoint.counts[Count.outboxBytes]! -= sent;
    this.#progressMs = this.#endpoint.deadlines.nowMs;
    this.#wrote(sent);
    if (outbox.length === 0) {
      this.#outbox = undefined;
      if ((this.#flags & ENDED) !== 0) this.#sendFin();
    }
    if (this.full && outbox.length <= this.#endpoint.socket.outboxLowBytes) this.#drained();
  }

  peerFinished(): void {
    if ((this.#flags & (CLOSED | PEER_FINISHED)) !== 0) return;
    this.#flags |= PEER_FINISHED;
    const { handler, socket } = this.#endpoint;
    if ((this.#flags & FIN_SENT) !== 0) {
      this.#bothFinished();
      return;
    }
    if (handler.end) this.#run(() => handler.end?.(this));
    if (!socket.halfOpen) this.endFor("peer");
  }

  gone(error: Error | undefined): void {
    if (this.closed) return;
    const code = systemCodeOf(error);
    if (code === "ECONNRESET" || code === "EPIPE") this.#finish("reset", error);
    else if (error !== undefined) this.#finish("system", error);
    else this.#finish(this.#reason ?? "peer", undefined);
  }

  failed(error: Error): void {
    this.#abort("system", error);
  }

  secured(): void {}

  checkDeadline(nowMs: number): number {
    const due = this.#nearestDeadline();
    if (due === undefined) return 0;
    const waitMs = due.atMs - nowMs;
    if (waitMs > 0) return waitMs;
    // A peer that took nothing for so long gets a reset: a FIN would queue behind the bytes it does not read.
    if (due.reason === "stalled") this.#abort(due.reason, undefined);
    else this.close(due.reason);
    return 0;
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  #nearestDeadline(): { atMs: number; reason: CloseReason } | undefined {
    const { limits } = this.#endpoint;
    let atMs = Number.POSITIVE_INFINITY;
    let reason: CloseReason | undefined;
    const consider = (candidateMs: number, why: CloseReason) => {
      if (candidateMs >= atMs) return;
      atMs = candidateMs;
      reason = why;
    };
    const lingers = (this.#flags & FIN_SENT) !== 0 && !this.#endpoint.socket.halfOpen;
    if (lingers) consider(this.#progressMs + LINGER_MS, this.#reason ?? "handler");
    if (limits.lifetimeMs > 0) consider(this.#openedMs + limits.lifetimeMs, "lifetime");
    if (limits.firstByteMs > 0 && (this.#flags & HEARD) === 0)
      consider(this.#openedMs + limits.firstByteMs, "first-byte");
    if (limits.idleMs > 0) consider(this.#activeMs + limits.idleMs, "idle");
    if (limits.stallMs > 0 && this.#outbox !== undefined) consider(this.#progressMs + limits.stallMs, "stalled");
    return reason === undefined ? undefined : { atMs, reason };
  }

  #rearm(): void {
    const due = this.#nearestDeadline();
    if (due !== undefined) this.#endpoint.deadlines.arm(this.#slot, due.atMs - this.#endpoint.deadlines.nowMs);
  }

  #wrote(count: number): void {
    const endpoint = this.#endpoint;
    endpoint.counts[Count.bytesWritten]! += count;
    this.bytesWritten += count;
    this.#activeMs = endpoint.deadlines.nowMs;
  }

  /** @returns false when the ceiling was passed and the connection is closed */
  #queue(rest: Uint8Array): boolean {
    const { socket, counts, limits, deadlines } = this.#endpoint;
    const queued = this.#outbox?.length ?? 0;
    if (queued + rest.length > socket.outboxMaxBytes) {
      this.#abort("outbox-full", undefined);
      return false;
    }
    if (this.#outbox === undefined) {
      this.#outbox = new Outbox(rest);
      this.#progressMs = deadlines.nowMs;
      if (limits.stallMs > 0) this.#rearm();
    } else {
      this.#outbox.append(rest);
    }
    counts[Count.outboxBytes]! += rest.length;
    if (queued + rest.length > socket.outboxHighBytes) this.#setPaused(this.#flags | PAUSED_BY_OUTBOX);
    return true;
  }

  #drained(): void {
    const { handler, counts } = this.#endpoint;
    counts[Count.drains]! += 1;
    this.#setPaused(this.#flags & ~PAUSED_BY_OUTBOX);
    if (handler.drain && !this.closed) this.#run(() => handler.drain?.(this));
  }

  #setPaused(flags: number): void {
    const was = (this.#flags & PAUSED) !== 0;
    const will = (flags & PAUSED) !== 0;
    this.#flags = flags;
    if (was === will || this.closed) return;
    if (will) {
      this.#cutter?.stop();
      this.#socket.pause();
    } else if (this.#cutter === undefined || this.#goOnCutting(this.#cutter)) {
      this.#socket.resume();
    }
  }

  /** Frames kept while paused come first. @returns whether reading may go on */
  #goOnCutting(cutter: FrameCutter): boolean {
    try {
      return this.#judge(cutter.resume(this, TcpConnection.#giveFrame));
    } catch (error) {
      this.#handlerFailed(error);
      return false;
    }
  }

  #cut(bytes: Uint8Array): void {
    const { handler } = this.#endpoint;
    if (handler.frame === undefined || (handler.framing === undefined && this.#cutter === undefined)) return;
    this.#cutter ??= new FrameCutter(handler.framing as Framing);
    try {
      this.#judge(this.#cutter.cut(bytes, this, TcpConnection.#giveFrame));
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #judge(result: CutResult): boolean {
    if (result === "too-long" || result === "bad-length")
      this.#abort("bad-frame", new Error(`frame refused: ${result}`));
    return result === "more" && !this.closed;
  }

  /** One function for all connections: which one comes as an argument. */
  static #giveFrame(this: void, connection: TcpConnection<unknown>, frame: Uint8Array): void {
    const result = connection.#endpoint.handler.frame?.(connection, frame);
    if (typeof result === "object") connection.#watch(result);
  }

  #sendFin(): void {
    this.#flags |= FIN_SENT;
    if ((this.#flags & PEER_FINISHED) !== 0) {
      this.#bothFinished();
      return;
    }
    this.#socket.shutdown();
    // A paused socket would never see the peer's FIN.
    if (!this.#endpoint.socket.halfOpen) this.#setPaused(this.#flags & ~PAUSED);
    this.#progressMs = this.#endpoint.deadlines.nowMs;
    if (!this.#endpoint.socket.halfOpen) this.#rearm();
  }

  #bothFinished(): void {
    this.close(this.#reason ?? "peer");
  }

  #abort(reason: CloseReason, cause: Error | undefined): void {
    if (this.closed) return;
    this.#finish(reason, cause);
    this.#socket.terminate();
  }

  #run(call: () => HandlerResult): void {
    try {
      this.#watch(call());
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #watch(result: HandlerResult): void {
    if (result instanceof Promise) result.catch((error) => this.#handlerFailed(error));
  }

  #handlerFailed(error: unknown): void {
    this.#endpoint.counts[Count.handlerErrors]! += 1;
    sayHandlerFailed(error);
    this.#abort("handler-error", error instanceof Error ? error : new Error(String(error)));
  }

  /** Every end comes here, once. */
  #finish(reason: CloseReason, cause: Error | undefined): void {
    this.#flags |= CLOSED;
    const endpoint = this.#endpoint;
    endpoint.counts[placeOfClose(reason)]! += 1;
    endpoint.counts[Count.outboxBytes]! -= this.#outbox?.length ?? 0;
    this.#outbox = undefined;
    this.#cutter?.discard();
    endpoint.deadlines.leave(this.#slot);
    endpoint.left(this);
    const { handler } = endpoint;
    if (handler.close) this.#run(() => handler.close?.(this, reason, cause));
  }
}
