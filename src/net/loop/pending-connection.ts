import { decodeProxyHeader, HeadBuffer, type ProxyHeader } from "../../wire/mod.ts";
import { Count } from "../counts.ts";
import { descriptorOf, discardBytes, isOver, peekBytes } from "../ffi.ts";
import type { CloseReason } from "../reasons.ts";
import type { RawSocket, SocketEvents } from "../socket-events.ts";
import { Handshake, type ServerTls } from "../tls/mod.ts";

/** Gets each pending connection back, once: ready to be served, or failed. */
export interface PendingOwner {
  /** `rest` came behind the PROXY header already; it is borrowed. */
  ready(
    pending: PendingConnection,
    socket: RawSocket,
    proxy: ProxyHeader | undefined,
    rest: Uint8Array | undefined,
  ): void;
  failed(pending: PendingConnection, reason: CloseReason, cause: Error | undefined): void;
}

/** What must happen before a connection is served. */
export interface HandshakeSteps {
  /** A trusted peer must send its PROXY header within this time; undefined for other peers. */
  readonly proxyTimeoutMs: number | undefined;
  readonly tls: ServerTls | undefined;
}

const FIRST_LOOK_MS = 1;
/** At this pace 4000 silent connections cost 8 % of a core. */
const LAST_LOOK_MS = 200;

/**
 * How long a finished handshake waits for a reset: a health check resets right behind it, and no handler should see that
 * connection. The client's first byte ends the wait, so only protocols in which the server speaks first notice it.
 */
const SETTLE_MS = 1;

/**
 * An accepted socket whose PROXY header or TLS handshake is not complete.
 *
 * ```text
 *   accepted ─► PROXY header ─► TLS handshake ─► connection, its handler's open
 *                    └── late, wrong, gone: counted, and no handler is called
 * ```
 *
 * In front of TLS the header is peeked at: a proxy sends it together with the client's first bytes of TLS, and bytes that the
 * runtime has read cannot be given back to it.
 */
export class PendingConnection implements SocketEvents {
  readonly address: string;
  readonly #raw: RawSocket;
  readonly #steps: HandshakeSteps;
  readonly #counts: Float64Array;
  readonly #owner: PendingOwner;
  #head: HeadBuffer | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #look: ReturnType<typeof setTimeout> | undefined;
  #handshake: Handshake | undefined;
  #proxy: ProxyHeader | undefined;
  /** Set once header and handshake are complete. */
  #ready: RawSocket | undefined;
  #isOver = false;

  constructor(raw: RawSocket, address: string, steps: HandshakeSteps, counts: Float64Array, owner: PendingOwner) {
    this.#raw = raw;
    this.address = address;
    this.#steps = steps;
    this.#counts = counts;
    this.#owner = owner;
    counts[Count.pending]! += 1;
    raw.data = this;
  }

  start(): void {
    const { proxyTimeoutMs, tls } = this.#steps;
    if (proxyTimeoutMs === undefined) {
      this.#secure();
      return;
    }
    this.#timer = setTimeout(() => this.fail("proxy-header", new Error("no PROXY header in time")), proxyTimeoutMs);
    this.#head = new HeadBuffer();
    if (tls === undefined) return;
    this.#raw.pause();
    this.#peek(FIRST_LOOK_MS);
  }

  /** Closes the socket and reports why. */
  fail(reason: CloseReason, cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#finish();
    if (this.#handshake === undefined) this.#raw.terminate();
    else this.#handshake.terminate();
    this.#owner.failed(this, reason, cause);
  }

  received(bytes: Uint8Array): void {
    const head = this.#head;
    if (this.#ready !== undefined) {
      this.#handOver(this.#ready, bytes);
      return;
    }
    if (head === undefined || this.#isOver) return;
    // The socket is paused for the peek; the runtime reads it all the same once the peer has reset. These bytes were not under TLS.
    if (this.#steps.tls !== undefined) {
      this.fail("reset", undefined);
      return;
    }
    const all = head.add(bytes);
    const length = this.#read(all);
    if (length === 0) head.keep(all);
    else if (length === all.length) this.#awaitReset(this.#raw);
    else if (length > 0) this.#handOver(this.#raw, all.subarray(length));
  }

  gone(error: Error | undefined): void {
    const ready = this.#ready;
    if (ready !== undefined && error === undefined) {
      this.#handOver(ready, undefined);
      ready.data?.gone(undefined);
    } else this.fail(error === undefined ? "peer" : "reset", error);
  }

  failed(error: Error): void {
    this.fail("system", error);
  }

  peerFinished(): void {
    const ready = this.#ready;
    if (ready !== undefined) {
      this.#handOver(ready, undefined);
      ready.data?.peerFinished();
    } else this.fail(this.#head === undefined ? "peer" : "proxy-header", new Error("finished before its PROXY header"));
  }

  writable(): void {}

  secured(): void {}

  // ---- PROXY header ------------------------------------------------------------------------------------------------

  /** @returns the header's length, 0 when more is needed, -1 when it is invalid */
  #read(bytes: Uint8Array): number {
    const decoded = decodeProxyHeader(bytes);
    if (decoded.state === "incomplete") return 0;
    if (decoded.state === "refused") {
      this.fail("proxy-header", new Error(`PROXY header refused: ${decoded.reason}`));
      return -1;
    }
    this.#proxy = decoded.value;
    return decoded.length;
  }

  /** Asks the kernel, since a paused socket reports nothing: at once, when the header is usually there, then less often. */
  #peek(waitMs: number): void {
    const descriptor = descriptorOf(this.#raw);
    const bytes = peekBytes(descriptor);
    if (typeof bytes === "string") {
      this.fail(bytes === "reset" ? "reset" : "peer", undefined);
      return;
    }
    const length = bytes.length === 0 ? 0 : this.#read(bytes);
    if (length < 0) return;
    if (length === 0) {
      this.#look = setTimeout(() => this.#peek(Math.min(waitMs * 2, LAST_LOOK_MS)), waitMs);
      return;
    }
    discardBytes(descriptor, length);
    clearTimeout(this.#timer);
    this.#raw.resume();
    this.#secure();
  }

  // ---- TLS ---------------------------------------------------------------------------------------------------------

  #secure(): void {
    const { tls } = this.#steps;
    if (tls === undefined) return;
    this.#handshake = new Handshake(this.#raw, tls.request(), tls.handshakeMs, tls.verify, {
      done: (socket) => {
        this.#counts[Count.handshakes]! += 1;
        this.#awaitReset(socket);
      },
      failed: (reason, cause) => this.fail(reason, cause),
    });
  }

  // ---- end ---------------------------------------------------------------------------------------------------------

  /** Waits a moment for a reset before the connection is handed over. */
  #awaitReset(socket: RawSocket): void {
    clearTimeout(this.#timer);
    this.#ready = socket;
    socket.data = this;
    this.#look = setTimeout(() => {
      if (isOver(descriptorOf(socket))) this.fail("reset", undefined);
      else this.#handOver(socket, undefined);
    }, SETTLE_MS);
  }

  #handOver(socket: RawSocket, rest: Uint8Array | undefined): void {
    this.#finish();
    this.#owner.ready(this, socket, this.#proxy, rest);
  }

  #finish(): void {
    this.#isOver = true;
    this.#ready = undefined;
    this.#counts[Count.pending]! -= 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#look);
  }
}
