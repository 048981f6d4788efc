import { Count } from "../counts.ts";
import { descriptorOf, resetOnClose } from "../ffi.ts";
import type { Mailbox, Subscriber } from "../publish/mod.ts";
import type { CloseReason } from "../reasons.ts";
import { durationSetting } from "../settings.ts";
import type { RawSocket } from "../socket-events.ts";
import type { Handler } from "../types.ts";
import { ConnectionBase } from "./connection-base.ts";
import { LINGER_MS, lookEveryMs, nearestDeadline } from "./due.ts";
import {
  CLOSED,
  CLOSES_WHEN_SENT,
  ENDED,
  FIN_SENT,
  FIN_TAKEN,
  FINISHING,
  HEARD,
  isPaused,
  PAUSED,
  PAUSED_BY_HANDLER,
  PAUSED_BY_WRITE_QUEUE,
  PEER_FINISHED,
  READS_WHILE_FULL,
  RESET_SEEN,
  SECURE,
  UPGRADING,
} from "./flags.ts";
import { WriteQueue } from "./write-queue.ts";

const encoder = new TextEncoder();

/**
 * The half of a connection that sends.
 *
 * ```text
 *   write ─────► kernel, rest ─► write queue ─► writable ─► kernel
 *   published ─► likewise; while the write queue holds something ─► mailbox ─► when it is empty
 *   end ───────► FIN when all of it is gone; closed with some of it left ─► reset
 * ```
 */
export abstract class SendingConnection<Data> extends ConnectionBase<Data> implements Subscriber {
  protected writeQueue: WriteQueue | undefined;
  /** The reason that will be counted at the end, once `end` was called. */
  protected reason: CloseReason | undefined;
  /** Set by `Topics` while the connection subscribes to something. */
  mailbox: Mailbox | undefined;
  /** When `expired` is due, of `performance.now()`; 0 = never. */
  #expiresMs = 0;
  #lingerMs = LINGER_MS;

  abstract handler: Handler<Data>;
  /** Counts the end and calls the handler's `close`, once. */
  protected abstract conclude(reason: CloseReason, cause: Error | undefined): void;
  /** Frames that were kept, and the rest of a chunk, are not delivered any more. */
  protected abstract dropFrames(): void;
  protected abstract bothFinished(): void;
  abstract close(reason: CloseReason): void;
  /** Calls the handler; a failure of it ends the connection. */
  protected abstract run(call: () => unknown): void;

  get queuedBytes(): number {
    return (this.writeQueue?.length ?? 0) + (this.mailbox?.queuedBytes ?? 0);
  }
  get full(): boolean {
    return (this.flags & PAUSED_BY_WRITE_QUEUE) !== 0;
  }

  write(given: Uint8Array | string): number {
    if ((this.flags & (ENDED | CLOSED)) !== 0) return 0;
    const bytes = typeof given === "string" ? encoder.encode(given) : given;
    const length = bytes.length;
    const mustWait = this.writeQueue !== undefined || (this.flags & UPGRADING) !== 0;
    const sent = mustWait ? 0 : this.send(bytes);
    if (sent < length && !this.#queue(sent === 0 ? bytes : bytes.subarray(sent))) return 0;
    this.context.counts[Count.writes]! += 1;
    return length;
  }

  end(): void {
    this.endFor("handler");
  }

  /** `end`, with the reason that will be counted. */
  endFor(reason: CloseReason): void {
    if ((this.flags & (ENDED | CLOSED)) !== 0) return;
    this.flags |= ENDED;
    if (!this.halfOpen) this.dropFrames();
    // When the peer closed first, the close reason is `peer` even if our handler then calls `end()`.
    this.reason = reason === "handler" && (this.flags & PEER_FINISHED) !== 0 ? "peer" : reason;
    if (this.writeQueue === undefined && (this.flags & UPGRADING) === 0) this.#sendFin();
  }

  closeWhenSent(): void {
    if (this.closed) return;
    this.flags |= CLOSES_WHEN_SENT;
    if ((this.flags & FIN_SENT) === 0) this.endFor("handler");
    else this.#awaitFin();
  }

  finish(lingerMs: number = LINGER_MS, reason: CloseReason = "handler"): void {
    if (this.closed) return;
    this.#lingerMs = Math.max(1, durationSetting("lingerMs", lingerMs));
    // Read from now on, also while an answer waits: a peer that sends all of its request before it reads would wait for ever.
    this.dropFrames();
    const flags = FINISHING | CLOSES_WHEN_SENT | READS_WHILE_FULL;
    this.setPaused((this.flags | flags) & ~PAUSED_BY_HANDLER);
    // The peer's FIN may have waited for the end of the pause.
    if (this.closed) return;
    if ((this.flags & FIN_SENT) === 0) this.endFor(reason);
    else this.#awaitFin();
  }

  deadline(ms: number, nowMs?: number): void {
    if (this.closed) return;
    // Not the coarse clock, which stands still while the loop is blocked: a deadline must not be early.
    this.#expiresMs = ms > 0 ? (nowMs ?? performance.now()) + ms : 0;
    if (ms > 0) this.context.deadlines.armBy(this.slot, this.#expiresMs);
  }

  /**
   * Sends a published message, whole or not at all. It is copied only if the kernel takes a part of it; a message that waits
   * is a reference that all subscribers share.
   */
  deliver(message: Uint8Array): void {
    if ((this.flags & (ENDED | CLOSED)) !== 0) return;
    const { counts } = this.context;
    counts[Count.published]! += 1;
    if (this.writeQueue === undefined && (this.flags & UPGRADING) === 0 && this.mailbox?.queuedBytes === 0) {
      const sent = this.send(message);
      // A message that was begun must be completed, and only a write queue that empties is followed by the mailbox.
      if (sent < message.length) this.#queue(sent === 0 ? message : message.subarray(sent));
      return;
    }
    const { mailbox } = this;
    if (mailbox === undefined) return;
    const droppedBefore = mailbox.dropped;
    if (mailbox.push(message) === "close") this.abort("slow-subscriber", undefined);
    counts[Count.publishedDropped]! += mailbox.dropped - droppedBefore;
  }

  // ---- socket events -----------------------------------------------------------------------------------------------

  override writable(): void {
    // The runtime also calls this after open and resume.
    if (this.writeQueue === undefined || (this.flags & (CLOSED | UPGRADING)) !== 0) return;
    const writeQueue = this.writeQueue;
    const sent = this.send(writeQueue.waiting());
    if (sent === 0) return;
    writeQueue.consume(sent);
    this.context.counts[Count.writeQueueBytes]! -= sent;
    this.progressMs = this.context.deadlines.nowMs;
    if (writeQueue.length === 0) this.#emptied();
    // Messages of the mailbox may have filled the write queue again.
    if (this.full && (this.writeQueue?.length ?? 0) <= this.context.socket.writeQueueLowBytes) this.#drained();
  }

  checkDeadline(nowMs: number): number {
    this.lookAtPeer(nowMs);
    const due = this.#nearestDeadline();
    if (due !== undefined && due.atMs <= nowMs) {
      // A FIN would queue behind the bytes that the peer does not read.
      if (due.reason === "stalled") this.abort(due.reason, undefined);
      else this.close(due.reason);
      return 0;
    }
    if (this.#expiresMs > 0 && this.#expiresMs <= nowMs) {
      this.#expire();
      if (this.closed) return 0;
    }
    const wait = this.#nextCheckMs(nowMs);
    return Number.isFinite(wait) ? wait : 0;
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  protected rearm(): void {
    const { deadlines } = this.context;
    const wait = this.#nextCheckMs(deadlines.nowMs);
    if (Number.isFinite(wait)) deadlines.arm(this.slot, wait);
  }

  #nextCheckMs(nowMs: number): number {
    const dueMs = this.#nearestDeadline()?.atMs ?? Number.POSITIVE_INFINITY;
    const expiresMs = this.#expiresMs > 0 ? this.#expiresMs : Number.POSITIVE_INFINITY;
    return Math.min(Math.min(dueMs, expiresMs) - nowMs, this.#nextLookMs);
  }

  #expire(): void {
    this.#expiresMs = 0;
    const { handler } = this;
    if (handler.expired) this.run(() => handler.expired?.(this as never));
    else this.close("handler");
  }

  /** Whether bytes or a FIN are on their way to the peer and their arrival changes something. */
  get #waits(): boolean {
    return this.writeQueue !== undefined || (this.flags & (FIN_SENT | FIN_TAKEN)) === FIN_SENT;
  }

  get #nextLookMs(): number {
    if (!this.#waits) return Number.POSITIVE_INFINITY;
    const lookMs = lookEveryMs(this.context.limits.stallMs);
    return (this.flags & FINISHING) === 0 ? lookMs : Math.min(lookMs, this.#lingerMs);
  }

  #nearestDeadline(): { atMs: number; reason: CloseReason } | undefined {
    const lingers = (this.flags & FIN_TAKEN) !== 0 && (!this.halfOpen || (this.flags & PEER_FINISHED) !== 0);
    return nearestDeadline(this.context.limits, {
      openedMs: this.openedMs,
      activeMs: this.idleSinceMs,
      progressMs: this.stalledSinceMs,
      heard: (this.flags & HEARD) !== 0,
      waits: this.#waits,
      lingers: lingers ? (this.reason ?? "handler") : undefined,
      lingerMs: this.#lingerMs,
    });
  }

  protected abort(reason: CloseReason, cause: Error | undefined): void {
    if (this.closed) return;
    this.conclude(reason, cause);
    this.socket.terminate();
  }

  /**
   * While a socket is not paused, the runtime reports what the peer sent before its reset, and then the end. That is as if our
   * FIN had been sent already: the peer's end is then the connection's, and never reported as a FIN of its own.
   */
  protected override died(): void {
    if (!this.handler.readsAfterReset || !this.halfOpen || isPaused(this.flags)) {
      this.abort("reset", undefined);
      return;
    }
    this.flags |= RESET_SEEN | ENDED | FIN_SENT;
    this.reason = "reset";
  }

  /** Replaces the socket by its encrypted one; bytes that wait go out through it. */
  protected sendThrough(socket: RawSocket): void {
    this.socket = socket;
    if (this.writeQueue !== undefined) this.writable();
    else this.#emptied();
  }

  /** @returns false when the connection is closed, perhaps because the maximum was passed */
  #queue(rest: Uint8Array): boolean {
    if ((this.flags & (CLOSED | RESET_SEEN)) !== 0) return false;
    const { socket, counts, limits, deadlines } = this.context;
    const queued = this.writeQueue?.length ?? 0;
    if (queued + rest.length > socket.writeQueueMaxBytes) {
      this.abort("write-queue-full", undefined);
      return false;
    }
    if (this.writeQueue === undefined) {
      this.writeQueue = new WriteQueue(rest);
      this.progressMs = deadlines.nowMs;
      this.#guard(true);
      if (limits.stallMs > 0) this.rearm();
    } else {
      this.writeQueue.append(rest);
    }
    counts[Count.writeQueueBytes]! += rest.length;
    if (queued + rest.length > socket.writeQueueHighBytes) this.setPaused(this.flags | PAUSED_BY_WRITE_QUEUE);
    return true;
  }

  /**
   * While bytes wait here, the kernel resets the connection when its descriptor is closed, even if the process dies: the peer
   * must not see a clean end of a part. Under TLS the missing close_notify tells it (RFC 8446 §6.1).
   */
  #guard(isOn: boolean): void {
    if (!isOn || (this.flags & (SECURE | UPGRADING)) === 0) resetOnClose(descriptorOf(this.socket), isOn);
  }

  #emptied(): void {
    if (this.writeQueue !== undefined) this.#guard(false);
    this.writeQueue?.discard();
    this.writeQueue = undefined;
    const mailbox = this.mailbox;
    while (mailbox !== undefined && this.writeQueue === undefined && !this.closed) {
      const message = mailbox.shift();
      if (message === undefined) break;
      const sent = this.send(message);
      if (sent < message.length) this.#queue(sent === 0 ? message : message.subarray(sent));
    }
    if (this.writeQueue === undefined && (this.flags & ENDED) !== 0) this.#sendFin();
  }

  #drained(): void {
    this.context.counts[Count.drains]! += 1;
    this.setPaused(this.flags & ~PAUSED_BY_WRITE_QUEUE);
    const { handler } = this;
    if (handler.drain && (this.flags & (CLOSED | FINISHING)) === 0) this.run(() => handler.drain?.(this as never));
  }

  #sendFin(): void {
    this.flags |= FIN_SENT;
    this.progressMs = this.context.deadlines.nowMs;
    if ((this.flags & PEER_FINISHED) !== 0) {
      this.bothFinished();
      return;
    }
    this.socket.shutdown();
    this.#awaitFin();
  }

  /** Waits for the peer's FIN; a half-open connection waits without a limit. */
  #awaitFin(): void {
    // A paused socket would never report it.
    if (!this.halfOpen) this.setPaused(this.flags & ~PAUSED);
    this.rearm();
  }
}
