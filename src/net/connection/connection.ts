import { systemCodeOf, TenkError } from "../../base/mod.ts";
import { type CutResult, FrameCutter, type Framing, unframed } from "../../wire/mod.ts";
import { Count, FIRST_BYTE_BOUNDS_SECONDS, LIFETIME_BOUNDS_SECONDS, observe, placeOfClose } from "../counts.ts";
import { logHandlerFailed, withoutFraming } from "../handler-failure.ts";
import type { CloseReason } from "../reasons.ts";
import type { RawSocket, SocketEvents } from "../socket-events.ts";
import {
  type ClientTlsOptions,
  closeSecure,
  type ServerTlsOptions,
  type TlsInfo,
  tlsInfo,
  upgrade,
} from "../tls/mod.ts";
import type { Connection, Handler, HandlerResult } from "../types.ts";
import type { ConnectionContext } from "./context.ts";
import type { Timed } from "./deadlines.ts";
import {
  CLOSED,
  CUTTING,
  END_WAITS,
  ENDED,
  FIN_SENT,
  FIN_WAITS,
  FINISHING,
  HEARD,
  isHeld,
  isPaused,
  PAUSED_BY_HANDLER,
  PEER_FINISHED,
  READS_WHILE_FULL,
  SECURE,
  UPGRADING,
} from "./flags.ts";
import { type Origin, PLAIN } from "./origin.ts";
import { release } from "./release.ts";
import { SendingConnection } from "./sending.ts";
import { trampoline } from "./trampoline.ts";

const encoder = new TextEncoder();

/**
 * A connection, from its first byte to its one end. What it sends is in {@link SendingConnection}.
 *
 * ```text
 *   received ─► handler.chunk, or cutter ─► handler.frame
 *                     all ends: end · close · peer · reset · deadline · error ─► conclude(reason)
 * ```
 */
export class TcpConnection<Data> extends SendingConnection<Data> implements Connection<Data>, SocketEvents, Timed {
  data!: Data;
  #handler: Handler<Data>;
  /** Set when the first bytes are cut into frames. */
  #cutter: FrameCutter | undefined;

  constructor(socket: RawSocket, wireAddress: string, context: ConnectionContext<Data>, origin: Origin = PLAIN) {
    super(socket, wireAddress, context, origin);
    this.#handler = context.handler;
    if (context.handler.readsWhileFull) this.flags |= READS_WHILE_FULL;
    this.slot = context.deadlines.join(this);
    // After `join`, since the first connection to join starts the clock.
    this.openedMs = performance.now();
    this.activeMs = context.deadlines.nowMs;
  }

  get handler(): Handler<Data> {
    return this.#handler;
  }

  set handler(handler: Handler<Data>) {
    const former = this.#handler;
    this.#handler = handler;
    const cutter = this.#cutter;
    if (cutter !== undefined) {
      // Bytes that were kept and the rest of this chunk go to the new handler, cut in its way.
      if (handler.frame === undefined) cutter.framing = unframed();
      // With the same framing or none, the one given to `setFraming` stays in force.
      else if (former.frame === undefined || handler.framing !== former.framing)
        cutter.framing = handler.framing ?? cutter.framing;
    }
    this.setPaused(handler.readsWhileFull ? this.flags | READS_WHILE_FULL : this.flags & ~READS_WHILE_FULL);
    if (cutter !== undefined && (this.flags & CUTTING) === 0 && !isHeld(this.flags)) this.#goOnCutting(cutter);
    if ((this.flags & END_WAITS) !== 0) this.#endWhenSent(this.reason ?? "peer");
  }

  setFraming(framing: Framing): void {
    if (this.#handler.frame === undefined) {
      throw new TenkError(
        "invalid-option",
        "Cannot set a framing as the handler must have a frame method: it has none",
      );
    }
    if (this.#cutter !== undefined) this.#cutter.framing = framing;
    else this.#cutter = this.#newCutter(framing);
  }

  pause(): void {
    this.setPaused(this.flags | PAUSED_BY_HANDLER);
  }

  resume(): void {
    this.setPaused(this.flags & ~PAUSED_BY_HANDLER);
  }

  close(reason: CloseReason = "handler"): void {
    if (this.closed) return;
    // After a FIN the peer would take a part for the whole.
    if (this.writeQueue !== undefined || this.#isSending(reason)) {
      this.abort(reason, undefined);
      return;
    }
    this.conclude(reason, undefined);
    if ((this.flags & (SECURE | UPGRADING)) === 0) this.socket.close();
    else closeSecure(this.socket);
  }

  reset(reason: CloseReason = "handler"): void {
    this.abort(reason, undefined);
  }

  subscribe(topic: string): void {
    const { topics } = this.context;
    if (topics === undefined) throw new TenkError("invalid-option", "Cannot subscribe as nothing is published here");
    if (!this.closed) topics.subscribe(this, topic);
  }

  unsubscribe(topic: string): void {
    this.context.topics?.unsubscribe(this, topic);
  }

  publish(topic: string, bytes: Uint8Array | string): void {
    // Copied once, since slow subscribers keep references to it after this call.
    const message = typeof bytes === "string" ? encoder.encode(bytes) : new Uint8Array(bytes);
    this.context.publish(topic, message, this);
  }

  async startTls(options: ServerTlsOptions | ClientTlsOptions): Promise<TlsInfo> {
    const wrong = this.#whyNoTls();
    if (wrong !== undefined) throw new TenkError("invalid-option", `Cannot start TLS as ${wrong}`);
    this.flags |= UPGRADING;
    // Bytes that follow in the clear would be taken for bytes that the peer sent under TLS (CVE-2011-0411).
    this.#cutter?.stop();
    // Called from within a frame, the rest of the chunk is checked after that frame.
    if ((this.flags & CUTTING) === 0 && (this.#cutter?.keptBytes ?? 0) > 0) {
      const cause = new TenkError("tls-failed", "Bytes in the clear behind the request for TLS");
      this.abort("tls-failed", cause);
      throw cause;
    }
    try {
      const { side, targetHost = this.wireAddress } = this.context;
      const socket = await upgrade(this.socket, options, side, targetHost, (begun) => {
        this.socket = begun;
      });
      if (this.closed) throw new TenkError("tls-failed", "The connection was closed before TLS began");
      this.flags = (this.flags & ~UPGRADING) | SECURE;
      socket.data = this;
      if (isPaused(this.flags)) socket.pause();
      this.sendThrough(socket);
      if (this.#cutter !== undefined && !isHeld(this.flags)) this.#goOnCutting(this.#cutter);
      return tlsInfo(socket);
    } catch (error) {
      this.abort("tls-failed", error as Error);
      throw error;
    }
  }

  // ---- called by the listener or dialer ----------------------------------------------------------------------------

  /** Runs the handler's `open`; the connection may be closed when this returns. */
  opened(): void {
    const { limits, bandwidth } = this.context;
    if (bandwidth.reading) this.paceRead(0);
    if (limits.idleMs + limits.firstByteMs + limits.lifetimeMs > 0) this.rearm();
    const handler = this.#handler;
    if (handler.open) this.run(() => handler.open?.(this));
  }

  shutdown(graceMs: number): void {
    const handler = this.#handler;
    if ((this.flags & (CLOSED | FINISHING)) !== 0) return;
    if (handler.shutdown) this.run(() => handler.shutdown?.(this, graceMs));
    else this.#endWhenSent("shutdown");
  }

  // ---- socket events -----------------------------------------------------------------------------------------------

  /** The hot path: about ten stores and one call. */
  received(bytes: Uint8Array): void {
    const context = this.context;
    const counts = context.counts;
    counts[Count.bytesRead]! += bytes.length;
    counts[Count.reads]! += 1;
    this.bytesRead += bytes.length;
    this.activeMs = context.deadlines.nowMs;
    if ((this.flags & HEARD) === 0) this.#heard();
    if (context.bandwidth.reading) this.paceRead(bytes.length);
    // After end() the peer's bytes are read and dropped, so that its kernel can close without a reset.
    if ((this.flags & (ENDED | CLOSED)) !== 0 && !this.halfOpen) return;
    const handler = this.#handler;
    const isCut = handler.frame !== undefined || this.#cutter !== undefined || isHeld(this.flags);
    if (isCut) {
      this.#cut(bytes);
      return;
    }
    if (handler.chunk === undefined) return;
    try {
      const result = handler.chunk(this, bytes);
      if (typeof result === "object") this.#watch(result);
      if (handler.keepsNoBytes) release(bytes);
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #heard(): void {
    this.flags |= HEARD;
    observe(this.context.counts, Count.firstBytes, FIRST_BYTE_BOUNDS_SECONDS, this.ageMs / 1000);
  }

  peerFinished(): void {
    if ((this.flags & (CLOSED | PEER_FINISHED)) !== 0) return;
    if (isPaused(this.flags)) {
      this.flags |= FIN_WAITS;
      return;
    }
    this.flags = (this.flags | PEER_FINISHED) & ~FIN_WAITS;
    if ((this.flags & FIN_SENT) !== 0) {
      this.bothFinished();
      return;
    }
    const handler = this.#handler;
    if (handler.end && (this.flags & FINISHING) === 0) this.run(() => handler.end?.(this));
    if (!this.halfOpen) this.#endWhenSent("peer");
  }

  gone(error: Error | undefined): void {
    if (this.closed) return;
    const code = systemCodeOf(error);
    if (code === "ECONNRESET" || code === "EPIPE") this.conclude("reset", error);
    else if (error !== undefined) this.conclude("system", error);
    else this.conclude(this.reason ?? "peer", undefined);
  }

  failed(error: Error): void {
    this.abort("system", error);
  }

  secured(): void {}

  // ---- inside ------------------------------------------------------------------------------------------------------

  protected override setPaused(flags: number): void {
    const before = this.flags;
    this.flags = flags;
    // During a handshake the socket is always read; startTls applies the pause afterwards.
    if ((flags & (CLOSED | UPGRADING)) !== 0) return;
    if (isHeld(flags)) this.#cutter?.stop();
    else if (isHeld(before) && this.#cutter !== undefined && !this.#goOnCutting(this.#cutter)) return;
    if (isPaused(before) === isPaused(this.flags)) return;
    if (isPaused(this.flags)) {
      this.socket.pause();
      return;
    }
    this.socket.resume();
    // While frames are being delivered, the FIN is reported after them by the code that delivers them.
    if ((this.flags & (FIN_WAITS | CUTTING)) === FIN_WAITS) this.peerFinished();
  }

  #whyNoTls(): string | undefined {
    if ((this.flags & (ENDED | CLOSED)) !== 0) return "the connection is closed or ended";
    if ((this.flags & (SECURE | UPGRADING)) !== 0) return "it has it already";
    if (this.writeQueue !== undefined)
      return `${this.queuedBytes} bytes still wait to go out in the clear: await drain`;
    return undefined;
  }

  /** Frames that a pause kept would otherwise hold up the end of that pause, and with it the peer's FIN. */
  protected override dropFrames(): void {
    this.#cutter?.discard();
    this.#cutter = undefined;
  }

  /** Bytes behind a PROXY header, or in the read that ended a handshake, arrive in spite of a pause and are kept. */
  #newCutter(framing: Framing): FrameCutter {
    const cutter = new FrameCutter(framing);
    if (isHeld(this.flags)) cutter.stop();
    return cutter;
  }

  /** Delivers frames that were kept during a pause. @returns whether reading may go on */
  #goOnCutting(cutter: FrameCutter): boolean {
    if ((this.flags & UPGRADING) !== 0) return false;
    // Within a frame this only ends the pause, and the loop that delivered that frame goes on.
    if ((this.flags & CUTTING) !== 0) return this.#judge(cutter.resume(this, TcpConnection.#giveFrame));
    this.flags |= CUTTING;
    try {
      return this.#judge(cutter.resume(this, TcpConnection.#giveFrame));
    } catch (error) {
      this.#handlerFailed(error);
      return false;
    } finally {
      this.flags &= ~CUTTING;
    }
  }

  #cut(bytes: Uint8Array): void {
    this.flags |= CUTTING;
    try {
      this.#cutter ??= this.#firstCutter();
      if (this.#cutter) this.#judge(this.#cutter.cut(bytes, this, TcpConnection.#giveFrame));
    } catch (error) {
      this.#handlerFailed(error);
    } finally {
      this.flags &= ~CUTTING;
    }
  }

  /** Returns none for a handler that reads nothing. */
  #firstCutter(): FrameCutter | undefined {
    const { frame, framing } = this.#handler;
    if (frame === undefined) return isHeld(this.flags) ? this.#newCutter(unframed()) : undefined;
    if (framing === undefined) throw withoutFraming();
    return this.#newCutter(framing);
  }

  #judge(result: CutResult): boolean {
    if (result === "too-long" || result === "bad-length")
      this.abort("bad-frame", new Error(`frame refused: ${result}`));
    else if ((this.flags & UPGRADING) !== 0 && (this.#cutter?.keptBytes ?? 0) > 0)
      this.abort("tls-failed", new Error("bytes in the clear behind the request for TLS"));
    return result === "more" && !this.closed;
  }

  /** One function for all connections, so that no closure is allocated for each. */
  static #giveFrame(this: void, connection: TcpConnection<unknown>, frame: Uint8Array): void {
    const handler = connection.#handler;
    if (handler.frame) connection.context.counts[Count.framesRead]! += 1;
    const result = handler.frame ? handler.frame(connection, frame) : handler.chunk?.(connection, frame);
    if (typeof result === "object") connection.#watch(result);
  }

  protected override bothFinished(): void {
    // Under TLS the runtime may still hold encrypted bytes. It closes once they are written, and reports that.
    if ((this.flags & SECURE) === 0) {
      this.close(this.reason ?? "peer");
      return;
    }
    this.socket.shutdown();
    this.rearm();
  }

  #isSending(reason: CloseReason): boolean {
    return (this.flags & ENDED) === 0 && (this.#handler.isSending?.(this, reason) ?? false);
  }

  #endWhenSent(reason: CloseReason): void {
    if (!this.#isSending(reason)) {
      this.endFor(reason);
      return;
    }
    this.reason = reason;
    this.flags |= END_WAITS;
  }

  protected override run(call: () => HandlerResult): void {
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
    this.context.counts[Count.handlerErrors]! += 1;
    logHandlerFailed(error);
    this.abort("handler-error", error instanceof Error ? error : new Error(String(error)));
  }

  protected override conclude(reason: CloseReason, cause: Error | undefined): void {
    this.flags |= CLOSED;
    const context = this.context;
    context.counts[placeOfClose(reason)]! += 1;
    observe(context.counts, Count.lifetimes, LIFETIME_BOUNDS_SECONDS, this.ageMs / 1000);
    context.counts[Count.writeQueueBytes]! -= this.writeQueue?.length ?? 0;
    this.writeQueue?.discard();
    this.writeQueue = undefined;
    this.#cutter?.discard();
    if (this.mailbox !== undefined) context.topics?.leave(this);
    this.leaveBandwidth();
    context.deadlines.leave(this.slot);
    context.left(this);
    const handler = this.#handler;
    if (handler.close) trampoline(() => this.run(() => handler.close?.(this, reason, cause)));
  }
}
