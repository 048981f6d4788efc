import type { CloseReason } from "../reasons.ts";
import type { Connection, Handler, HandlerResult } from "../types.ts";

const FINISHED_A = 1;
const FINISHED_B = 2;
const FINISHED = FINISHED_A | FINISHED_B;

/** Reasons that are no failure. */
const ORDERLY: ReadonlySet<CloseReason> = new Set<CloseReason>([
  "peer",
  "handler",
  "idle",
  "first-byte",
  "lifetime",
  "shutdown",
]);

/** Ends after which the other side still gets what came before, and a FIN; after any other it gets a reset, unless the side
 * that closed had finished: a FIN says that nothing is missing. */
const COMPLETE: ReadonlySet<CloseReason> = new Set<CloseReason>(["peer", "handler", "idle"]);

export type PipeSide = "a" | "b";

/** How a pipe ended. */
export interface PipeResult {
  /** `peer` when both sides finished and everything was delivered, otherwise why `side` closed. */
  reason: CloseReason;
  cause: Error | undefined;
  /** The side that failed or, where none did, the one that finished first. */
  side: PipeSide;
  /** Bytes from `a` that `b` took. */
  bytesForward: number;
  /** Bytes from `b` that `a` took. */
  bytesBack: number;
}

/** A pipe that runs: what it carried so far. */
export interface Pipe {
  readonly bytesForward: number;
  readonly bytesBack: number;
}

export interface PipeOptions {
  /** The reason that `a`'s listener counts when `a` is reset because `b` failed. @default {"handler"} */
  failureReason?: CloseReason;
  /** Called once, when the first side finished. The other may go on without a limit unless you set one. */
  onFinish?(side: PipeSide): void;
  /** Called once, when both sides are closed. */
  onClose?(result: PipeResult): void;
}

/**
 * Carries bytes both ways between two open connections until both are closed: no copy unless the receiver is slow, no
 * allocation a chunk, one object a pair.
 *
 * ```text
 *   a ── chunk ──► b.write ──► b full: a pauses · b drains: a goes on      (and the same from b to a)
 *   a ── FIN ────► b.end()     what waits for b goes first; b may still send until its own FIN
 *   a closes ────► orderly: b gets what waits and a FIN · by an error: b is reset
 * ```
 *
 * `pipe(a, a)` sends back what comes.
 *
 * No more waits in a write queue than its high mark and one chunk (512 KiB at most), which `writeQueueMaxBytes` must have room for.
 * Both connections need `halfOpen: true`: without it one that finished first gets none of the answer, and the other is reset
 * once it sends some. Pause `a` before you connect `b`: its bytes and its FIN then wait; `pipe` resumes both.
 *
 * Each gets a handler of the pipe's. The `close` of the former handlers is still called, once for each as always, and their
 * `shutdown` where they have one; without it the pair goes on until the grace is over.
 *
 * ```ts
 * import { connect, listen, pipe } from "tenk";
 *
 * const upstream = await listen({ port: 0, halfOpen: true }, { chunk: (connection, bytes) => connection.write(bytes) });
 * const relay = await listen({ port: 0, halfOpen: true }, {
 *   async open(client) {
 *     client.pause();
 *     pipe(client, await connect({ port: upstream.port, halfOpen: true }, {}));
 *   },
 * });
 * await relay.stop();
 * await upstream.stop();
 * ```
 */
export function pipe<A, B>(a: Connection<A>, b: Connection<B>, options: PipeOptions = {}): Pipe {
  const pair = new Pair(a as Connection, b as Connection, options);
  pair.start();
  return pair;
}

/** Both directions of a pipe, and the handler of both its ends. */
class Pair implements Handler, Pipe {
  bytesForward = 0;
  bytesBack = 0;
  /** A full write queue pauses the other end, not its own: two ends that wait for each other would wait for ever. */
  readonly readsWhileFull = true;
  readonly keepsNoBytes = true;
  readonly #a: Connection;
  readonly #b: Connection;
  readonly #formerA: Handler;
  readonly #formerB: Handler;
  readonly #options: PipeOptions;
  /** Ends whose close was reported. */
  #gone = 0;
  #finished = 0;
  #firstFinished: PipeSide | undefined;
  #reason: CloseReason | undefined;
  #cause: Error | undefined;
  #side: PipeSide = "a";

  constructor(a: Connection, b: Connection, options: PipeOptions) {
    this.#a = a;
    this.#b = b;
    this.#formerA = a.handler;
    this.#formerB = b.handler;
    this.#options = options;
  }

  start(): void {
    // Setting a handler may deliver bytes that were kept, and close the connections. They are not paused for that: a pause
    // costs four system calls in the runtime, and each pair of a relay would pay them twice.
    const bWasClosed = this.#b.closed;
    this.#b.handler = this;
    const aWasClosed = this.#a.closed;
    this.#a.handler = this;
    if (aWasClosed) this.#wasClosed(this.#a);
    if (bWasClosed) this.#wasClosed(this.#b);
    // `resume` delivers bytes that were kept, and may close the connections.
    if (this.#gone === 0 && !this.#b.full) this.#a.resume();
    if (this.#gone === 0 && !this.#a.full) this.#b.resume();
  }

  /** Handles an end that closed before it had the pipe's handler. One that closes later calls `close` of the pipe. */
  #wasClosed(connection: Connection): void {
    this.#note(connection, "peer", undefined);
    this.#passOn(connection, "peer");
    this.#left(connection);
  }

  chunk(from: Connection, bytes: Uint8Array): void {
    const forward = from === this.#a;
    const to = forward ? this.#b : this.#a;
    const taken = to.write(bytes);
    if (taken === 0) {
      // The receiver was ended by other code or is not half-open. These bytes are lost, which the sender must learn.
      if (!to.closed) from.reset();
      return;
    }
    if (forward) this.bytesForward += taken;
    else this.bytesBack += taken;
    if (to.full) from.pause();
  }

  /** Until the other side finished more may come from it. After silence on both the end is taken for one. */
  isSending(connection: Connection, reason: CloseReason): boolean {
    const other = this.#otherOf(connection);
    return !COMPLETE.has(reason) && !other.closed && (this.#finished & this.#bitOf(other)) === 0;
  }

  drain(connection: Connection): void {
    this.#otherOf(connection).resume();
  }

  end(connection: Connection): void {
    this.#finished |= this.#bitOf(connection);
    const isFirst = this.#firstFinished === undefined;
    this.#firstFinished ??= this.#sideOf(connection);
    this.#otherOf(connection).end();
    if (isFirst) this.#options.onFinish?.(this.#firstFinished);
  }

  shutdown(connection: Connection, graceMs: number): HandlerResult {
    return this.#formerOf(connection).shutdown?.(connection, graceMs);
  }

  close(connection: Connection, reason: CloseReason, cause: Error | undefined): HandlerResult {
    // Resetting the other side calls its close within this one, so both former handlers are called before onClose.
    this.#note(connection, reason, cause);
    this.#passOn(connection, reason);
    try {
      return this.#formerOf(connection).close?.(connection, reason, cause);
    } finally {
      this.#left(connection);
    }
  }

  #passOn(closed: Connection, reason: CloseReason): void {
    const other = this.#otherOf(closed);
    if (other.closed) return;
    const isWhole = COMPLETE.has(reason) || (ORDERLY.has(reason) && (this.#finished & this.#bitOf(closed)) !== 0);
    if (isWhole) this.#finish(other);
    else other.reset(other === this.#a ? this.#options.failureReason : undefined);
  }

  /** Keeps why it ended: the first reason, unless that was orderly and the other side then failed. */
  #note(connection: Connection, reason: CloseReason, cause: Error | undefined): void {
    const asked = reason === "peer" || reason === "handler";
    // The FIN that answers ours is reported as the close of a connection that has sent and received everything.
    if (asked && (this.#finished & this.#bitOf(this.#otherOf(connection))) !== 0) {
      this.#finished |= this.#bitOf(connection);
    }
    const wasOrderly = this.#reason === "peer" || this.#reason === "handler";
    if (this.#reason !== undefined && (!wasOrderly || ORDERLY.has(reason))) return;
    const whole = asked && this.#finished === FINISHED;
    this.#reason = whole ? "peer" : reason;
    this.#cause = cause;
    this.#side = (whole ? this.#firstFinished : undefined) ?? this.#sideOf(connection);
  }

  /** Sends the bytes that wait, then FIN. The other side is gone, so what comes back is read and dropped for a while. */
  #finish(left: Connection): void {
    left.closeWhenSent();
    left.resume();
  }

  #left(connection: Connection): void {
    const before = this.#gone;
    this.#gone |= this.#bitOf(connection);
    if (this.#gone === before || this.#gone !== (this.#bitOf(this.#a) | this.#bitOf(this.#b))) return;
    const { bytesForward, bytesBack } = this;
    this.#options.onClose?.({
      reason: this.#reason as CloseReason,
      cause: this.#cause,
      side: this.#side,
      bytesForward,
      bytesBack,
    });
  }

  #otherOf(connection: Connection): Connection {
    return connection === this.#a ? this.#b : this.#a;
  }

  #formerOf(connection: Connection): Handler {
    return connection === this.#a ? this.#formerA : this.#formerB;
  }

  #bitOf(connection: Connection): number {
    return connection === this.#a ? FINISHED_A : FINISHED_B;
  }

  #sideOf(connection: Connection): PipeSide {
    return connection === this.#a ? "a" : "b";
  }
}
