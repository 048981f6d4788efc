import type { TunnelDialogue } from "../../wire/mod.ts";
import type { RawSocket, SocketEvents } from "../socket-events.ts";
import { causeOf } from "./connect-error.ts";

/** Called when the dialogue with a proxy ends; one of them, once. */
export interface TunnelEnds {
  /** `rest` came through the tunnel already; it is borrowed. */
  open(socket: RawSocket, rest: Uint8Array): void;
  refused(cause: Error): void;
}

/** Owns a socket that is connected to a proxy until the tunnel is open. The owner bounds its time. */
export class TunnelTalk implements SocketEvents {
  readonly #socket: RawSocket;
  readonly #dialogue: TunnelDialogue;
  readonly #ends: TunnelEnds;
  /** Bytes that are not written yet; a few hundred at most. */
  #unsent: Uint8Array = new Uint8Array(0);
  #isOver = false;

  constructor(socket: RawSocket, dialogue: TunnelDialogue, ends: TunnelEnds) {
    this.#socket = socket;
    this.#dialogue = dialogue;
    this.#ends = ends;
    socket.data = this;
    this.#send(dialogue.hello);
  }

  received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const step = this.#dialogue.receive(bytes);
    if (step.state === "send") this.#send(step.bytes);
    else if (step.state === "open") this.#opened(step.rest);
    else if (step.state === "refused") {
      this.#refused(proxyCause(step.reason, step.detail));
    }
  }

  writable(): void {
    if (this.#unsent.length > 0) this.#send(this.#unsent);
  }

  peerFinished(): void {
    this.#refused(proxyCause("closed", undefined));
  }

  gone(): void {
    this.#refused(proxyCause("closed", undefined));
  }

  failed(error: Error): void {
    this.#refused(error);
  }

  secured(): void {}

  #send(bytes: Uint8Array): void {
    this.#unsent = bytes.subarray(Math.max(0, this.#socket.write(bytes)));
  }

  #opened(rest: Uint8Array): void {
    this.#isOver = true;
    this.#ends.open(this.#socket, rest);
  }

  #refused(cause: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ends.refused(cause);
  }
}

/** What a proxy refused for, as the cause of a `proxy-refused`. `detail` is the proxy's own words, made printable. */
export function proxyCause(reason: string, detail: string | undefined): Error {
  const words = detail === undefined ? reason : `${reason}, ${detail}`;
  return Object.assign(causeOf("EPROXY", words), { reason, detail });
}

/**
 * Holds back what came with the proxy's reply until those who await the connection have it, and may have put a handler of
 * their own on it. Bytes that follow in the same turn of the loop wait behind it.
 */
export class HeldBytes implements SocketEvents {
  readonly #socket: RawSocket;
  readonly #next: SocketEvents;
  /** Copies; `slice` would not do, as of a Buffer it is a view. */
  #held: Uint8Array[];

  constructor(socket: RawSocket, next: SocketEvents, rest: Uint8Array) {
    this.#socket = socket;
    this.#next = next;
    this.#held = [new Uint8Array(rest)];
    socket.data = this;
    setImmediate(() => this.#release());
  }

  received(bytes: Uint8Array): void {
    this.#held.push(new Uint8Array(bytes));
  }

  writable(): void {
    this.#next.writable();
  }

  peerFinished(): void {
    this.#release();
    this.#next.peerFinished();
  }

  gone(error: Error | undefined): void {
    this.#release();
    this.#next.gone(error);
  }

  failed(error: Error): void {
    this.#release();
    this.#next.failed(error);
  }

  secured(): void {}

  #release(): void {
    const held = this.#held;
    this.#held = [];
    if (this.#socket.data === this) this.#socket.data = this.#next;
    for (const bytes of held) this.#next.received(bytes);
  }
}
