import { closeDescriptor, type DialOptions, dial } from "../ffi.ts";
import { type RawSocket, SOCKET_EVENTS, type SocketEvents } from "../socket-events.ts";
import type { Candidate } from "./address-history.ts";
import { causeOf } from "./connect-error.ts";

/** Called when an attempt ends: one of the two, once, unless it is dropped. */
export interface AttemptEnds {
  reached(attempt: Attempt, socket: RawSocket): void;
  lost(attempt: Attempt, cause: Error): void;
}

export interface AttemptKind {
  /** To a Unix socket. */
  readonly isLocal: boolean;
  /** Whether the socket's owner limits its reads: the event that reports "connected" would read all that came. */
  readonly isPaced: boolean;
}

/**
 * One TCP (or Unix) connect to one address. Our own non-blocking socket is handed to the runtime, because its own connect
 * can be neither cancelled nor timed out. The runtime calls `open` at once; connected is what the first "writable" with a
 * peer says.
 */
export class Attempt implements SocketEvents {
  readonly to: Candidate;
  readonly #ends: AttemptEnds;
  readonly #kind: AttemptKind;
  #socket: RawSocket | undefined;
  #isOver = false;

  constructor(to: Candidate, ends: AttemptEnds, kind: AttemptKind) {
    this.to = to;
    this.#ends = ends;
    this.#kind = kind;
  }

  /** @throws {SystemError} what the kernel says at once; nothing is then left open */
  start(options: DialOptions): void {
    const descriptor = dial(this.to.address, options);
    const request = { fd: descriptor, socket: SOCKET_EVENTS, data: this, allowHalfOpen: true };
    (Bun.connect as unknown as (request: unknown) => Promise<RawSocket>)(request).catch((error: unknown) => {
      closeDescriptor(descriptor);
      this.#lose(error as Error);
    });
  }

  /** Frees its descriptor without a callback. */
  drop(): void {
    this.#isOver = true;
    if (this.#socket === undefined) return;
    this.#socket.data = undefined;
    this.#socket.terminate();
  }

  attached(socket: RawSocket): void {
    this.#socket = socket;
    if (this.#isOver) this.drop();
    else if (this.#kind.isPaced) socket.pause();
  }

  writable(): void {
    const socket = this.#socket;
    // A Unix socket is connected as soon as connect() returns, and never has a port.
    if (this.#isOver || socket === undefined || !(this.#kind.isLocal || socket.remotePort !== undefined)) return;
    this.#isOver = true;
    this.#ends.reached(this, socket);
  }

  gone(error: Error | undefined): void {
    this.#lose(error ?? causeOf("ECONNREFUSED", "closed before it was connected"));
  }

  failed(error: Error): void {
    this.#lose(error);
  }

  received(): void {}

  peerFinished(): void {}

  secured(): void {}

  #lose(cause: Error): void {
    if (this.#isOver) return;
    this.drop();
    this.#ends.lost(this, cause);
  }
}
