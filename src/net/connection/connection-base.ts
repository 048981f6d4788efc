import type { ProxyHeader } from "../../wire/mod.ts";
import type { Pace, Paced } from "../bandwidth/mod.ts";
import { Count } from "../counts.ts";
import { descriptorOf, takeBytes } from "../ffi.ts";
import type { RawSocket } from "../socket-events.ts";
import { sendProgress } from "../tcp-info.ts";
import { type NegotiatedTls, negotiatedTls, type TlsInfo, tlsInfo } from "../tls/mod.ts";
import type { ConnectionContext } from "./context.ts";
import {
  CLOSED,
  CLOSES_WHEN_SENT,
  ENDED,
  FIN_SENT,
  FIN_TAKEN,
  FIN_WAITS,
  FINISHING,
  isHeld,
  PAUSED_BY_BANDWIDTH,
  PEER_FINISHED,
  SECURE,
  UPGRADING,
} from "./flags.ts";
import type { Origin } from "./origin.ts";

/** The longest TLS record (RFC 8446 §5.1). */
const RECORD_BYTES = 16_384;

const FIRST_BYTES_MS = 5000;

/**
 * The base of a connection: its socket, who is at its two ends, its clocks, and what it reads and sends within a bandwidth.
 * Where none is limited, that is one comparison a read and a write.
 *
 * ```text
 *   socket ─► received ─► paceRead ─ used up? ─► socket paused ─► tick ─► readAgain
 *   socket ◄─ send ◄───── the rest waits in the write queue ────── tick ─► writeAgain
 * ```
 */
export abstract class ConnectionBase<Data> implements Paced {
  readonly id: number;
  /** Kept here because a closed socket has forgotten it, and people log it in `close`. */
  readonly wireAddress: string;
  readonly proxy: ProxyHeader | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  protected socket: RawSocket;
  protected readonly context: ConnectionContext<Data>;
  protected flags = 0;
  /** Its slot in {@link ConnectionContext.deadlines}. */
  protected slot = 0;
  protected openedMs = 0;
  /** When bytes last came or went. */
  protected activeMs = 0;
  /** When the kernel or the peer last took bytes while others waited, or our FIN was sent. Stalling is measured from here. */
  protected progressMs = 0;
  /** The kernel's mark at the last look at the peer; -1 before the first. */
  #progressMark = -1;
  /** Defined once its reads, or writes, are limited. */
  #reads: Pace<Paced> | undefined;
  #writes: Pace<Paced> | undefined;

  constructor(socket: RawSocket, wireAddress: string, context: ConnectionContext<Data>, origin: Origin) {
    this.socket = socket;
    this.context = context;
    this.id = context.nextId();
    this.wireAddress = wireAddress;
    this.proxy = origin.proxy;
    if (origin.secure) this.flags |= SECURE;
  }

  protected abstract setPaused(flags: number): void;
  /** Called when a write shows that the peer is gone. */
  protected abstract died(): void;
  abstract received(bytes: Uint8Array): void;
  /** The socket may take bytes again. */
  abstract writable(): void;

  get remoteAddress(): string {
    return this.proxy?.sourceAddress || this.wireAddress;
  }
  get remotePort(): number {
    return this.proxy?.sourceAddress ? this.proxy.sourcePort : (this.socket.remotePort ?? 0);
  }
  get localAddress(): string {
    return this.proxy?.sourceAddress ? this.proxy.destinationAddress : (this.socket.localAddress ?? "");
  }
  get localPort(): number {
    return this.proxy?.sourceAddress ? this.proxy.destinationPort : (this.socket.localPort ?? 0);
  }
  get negotiated(): NegotiatedTls | undefined {
    return (this.flags & SECURE) === 0 || this.closed ? undefined : negotiatedTls(this.socket);
  }

  get tls(): TlsInfo | undefined {
    return (this.flags & SECURE) === 0 || this.closed ? undefined : tlsInfo(this.socket);
  }
  get ageMs(): number {
    return performance.now() - this.openedMs;
  }
  get idleMs(): number {
    return Math.max(0, performance.now() - this.activeMs);
  }
  get closed(): boolean {
    return (this.flags & CLOSED) !== 0;
  }
  /** Whether one direction may end without the other. */
  protected get halfOpen(): boolean {
    return this.context.socket.halfOpen && (this.flags & CLOSES_WHEN_SENT) === 0;
  }
  /** Whether one side has finished, so that no request can be sent and answered any more. */
  get ended(): boolean {
    return (this.flags & (ENDED | PEER_FINISHED | FIN_WAITS | CLOSED)) !== 0;
  }
  /** The file descriptor; -1 once closed. */
  get descriptor(): number {
    return this.closed ? -1 : descriptorOf(this.socket);
  }
  /** Since when no bytes came or went. Waiting for bandwidth does not count as idle, since the delay is ours. */
  protected get idleSinceMs(): number {
    const { deadlines } = this.context;
    const waits = this.#writes?.waiting || (this.#reads?.waiting && !isHeld(this.flags));
    return waits ? deadlines.nowMs : deadlines.latest(this.activeMs);
  }
  /** Since when the peer took none of the bytes that wait. Waiting for bandwidth does not count either. */
  protected get stalledSinceMs(): number {
    const { deadlines } = this.context;
    return this.#writes?.waiting ? deadlines.nowMs : deadlines.latest(this.progressMs);
  }

  // ---- bandwidth ----------------------------------------------------------------------------------------------------

  readAgain(): void {
    if (this.#reads !== undefined && this.#takesItself() && this.#take(this.#reads)) return;
    this.activeMs = this.context.deadlines.nowMs;
    this.setPaused(this.flags & ~PAUSED_BY_BANDWIDTH);
  }

  writeAgain(): void {
    this.progressMs = this.context.deadlines.nowMs;
    this.writable();
  }

  /** Under TLS only the runtime can read. Our FIN ends all pacing, unless the connection is half-open. */
  #takesItself(): boolean {
    const mayNot = this.halfOpen ? SECURE | UPGRADING : SECURE | UPGRADING | FIN_SENT;
    return this.context.bandwidth.readingExactly && (this.flags & mayNot) === 0;
  }

  /**
   * Takes as many bytes from the kernel as there is room for, while the runtime reads nothing.
   *
   * @returns whether it waits for the next tick; if not, the runtime must read, because there are no bytes, or the end
   */
  #take(pace: Pace<Paced>): boolean {
    const { bandwidth, deadlines } = this.context;
    // While the handler is paused the connection goes on waiting here: the runtime, once resumed, would read all that is there.
    if (!isHeld(this.flags)) {
      const bytes = takeBytes(this.descriptor, bandwidth.reads.room(pace, deadlines.nowMs));
      if (bytes === "reset") this.died();
      else if (bytes === "finished") return false;
      else if (bytes.length > 0) this.received(bytes);
      // A peer that floods starts a moment after it was accepted, so the first bytes are awaited here for a while.
      else if (this.bytesRead > 0 || deadlines.nowMs - this.openedMs > FIRST_BYTES_MS) return false;
    }
    if (!this.closed) bandwidth.reads.wait(pace);
    return true;
  }

  /** Counts bytes that were read. Those beyond the room become debt: the connection is not read until that is paid back. */
  protected paceRead(bytes: number): void {
    const { bandwidth, deadlines } = this.context;
    // After our FIN the connection waits only for the peer's, and not for long.
    if ((this.flags & FIN_SENT) !== 0 && !this.halfOpen) return;
    const isFirst = this.#reads === undefined;
    this.#reads ??= bandwidth.joinReads(this, deadlines.nowMs);
    if (isFirst && this.#takesItself()) bandwidth.reads.wait(this.#reads);
    if (!bandwidth.reads.spend(this.#reads, bytes, deadlines.nowMs) || this.#reads.waiting)
      this.setPaused(this.flags | PAUSED_BY_BANDWIDTH);
  }

  /**
   * Asks the kernel what the peer took since the last look. That counts as activity although we wrote nothing: with a slow
   * peer the kernel's buffer stays full, and no event comes, for minutes.
   */
  protected lookAtPeer(nowMs: number): void {
    const { mark, quietMs, unackedBytes, finQueued } = sendProgress(descriptorOf(this.socket));
    // The first look has nothing to compare with, so bytes under way count as progress.
    const hasMoved = this.#progressMark < 0 ? unackedBytes > 0 : mark !== this.#progressMark;
    this.#progressMark = mark;
    if ((this.flags & FIN_SENT) !== 0 && finQueued) {
      const isFinishing = (this.flags & FINISHING) !== 0;
      if (unackedBytes === 0 || isFinishing) this.flags |= FIN_TAKEN;
      // Its time is bounded: a peer that takes a byte now and then must not prolong it. The kernel goes on sending afterwards.
      if (isFinishing) return;
    }
    if (!hasMoved) return;
    const movedMs = nowMs - quietMs;
    this.progressMs = Math.max(this.progressMs, movedMs);
    this.activeMs = Math.max(this.activeMs, movedMs);
  }

  /** @returns how many bytes the kernel took of those that the bandwidth allows now */
  protected send(bytes: Uint8Array): number {
    if (this.context.bandwidth.writing) return this.#sendPaced(bytes);
    const sent = this.#handOver(bytes);
    if (sent > 0) this.#wrote(sent);
    return sent;
  }

  /** A negative answer means that the socket is dead. While it is paused the runtime reports nothing more, so it ends here. */
  #handOver(bytes: Uint8Array): number {
    const sent = this.socket.write(bytes);
    if (sent >= 0) return sent;
    this.died();
    return 0;
  }

  protected leaveBandwidth(): void {
    this.context.bandwidth.leave(this, this.#reads, this.#writes);
  }

  #sendPaced(bytes: Uint8Array): number {
    const { bandwidth, deadlines } = this.context;
    const bucket = bandwidth.writes;
    this.#writes ??= bucket.join(this, deadlines.nowMs);
    const pace = this.#writes;
    const room = pace.waiting ? 0 : bucket.room(pace, deadlines.nowMs);
    // OpenSSL requires that a refused record is offered again with at least its length, so TLS writes whole records on credit.
    const most = room > 0 && (this.flags & SECURE) !== 0 ? Math.max(room, RECORD_BYTES) : room;
    const sent = most === 0 ? 0 : this.#handOver(most < bytes.length ? bytes.subarray(0, most) : bytes);
    if (sent > 0) {
      bucket.used(pace, sent, deadlines.nowMs);
      this.#wrote(sent);
    }
    // Bytes that the kernel refused are written at its drain event, bytes that the bandwidth refused at a tick.
    if (sent === most && sent < bytes.length) bucket.wait(pace);
    return sent;
  }

  #wrote(count: number): void {
    const context = this.context;
    context.counts[Count.bytesWritten]! += count;
    this.bytesWritten += count;
    this.activeMs = context.deadlines.nowMs;
  }
}
