import { decodeProxyHeader, HeadBuffer, type ProxyHeader } from "../../wire/mod.ts";
import { Count } from "../counts.ts";
import { descriptorOf, discardBytes, isOver, peekBytes } from "../ffi.ts";
import type { CloseReason } from "../reasons.ts";
import type { RawSocket, SocketEvents } from "../socket-events.ts";
import { Handshake, type ServerTls } from "../tls/mod.ts";

/** How a connection's arrival ends: it is handed over, or it never became one. */
export interface ArrivalEnds {
  /** `rest` came behind the PROXY header already; it is borrowed. */
  arrived(arrival: Arrival, socket: RawSocket, proxy: ProxyHeader | undefined, rest: Uint8Array | undefined): void;
  fell(arrival: Arrival, reason: CloseReason, cause: Error | undefined): void;
}

export interface ArrivalSteps {
  /** The peer is trusted to begin with a PROXY header, and must, in this time. */
  readonly proxyTimeoutMs: number | undefined;
  readonly tls: ServerTls | undefined;
}

const FIRST_LOOK_MS = 1;
/** Four thousand that are silent cost 8 % of a core at this pace. */
const LAST_LOOK_MS = 200;

/**
 * A health check resets right behind its header or handshake, and then nobody is to be told of a connection. The client's
 * first byte ends the wait; it is felt where the server speaks first.
 */
const SETTLE_MS = 1;

/**
 * An accepted socket on its way to being a connection.
 *
 * ```text
 *   accepted ─► PROXY header ─► TLS handshake ─► connection, its handler's open
 *                    └── late, wrong, gone: counted, and no handler is told
 * ```
 *
 * In front of TLS the header is read by peeking: the runtime cannot be given back what it has read, and a proxy sends its
 * header and the client's first bytes of TLS together.
 */
export class Arrival implements SocketEvents {
  readonly address: string;
  readonly #raw: RawSocket;
  readonly #steps: ArrivalSteps;
  readonly #counts: Float64Array;
  readonly #ends: ArrivalEnds;
  #head: HeadBuffer | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #look: ReturnType<typeof setTimeout> | undefined;
  #handshake: Handshake | undefined;
  #proxy: ProxyHeader | undefined;
  /** What becomes a connection, once header and handshake are done. */
  #ready: RawSocket | undefined;
  #isOver = false;

  constructor(raw: RawSocket, address: string, steps: ArrivalSteps, counts: Float64Array, ends: ArrivalEnds) {
    this.#raw = raw;
    this.address = address;
    this.#steps = steps;
    this.#counts = counts;
    this.#ends = ends;
    counts[Count.arriving]! += 1;
    raw.data = this;
  }

  start(): void {
    const { proxyTimeoutMs, tls } = this.#steps;
    if (proxyTimeoutMs === undefined) {
      this.#secure();
      return;
    }
    this.#timer = setTimeout(() => this.fall("proxy-header", new Error("no PROXY header in time")), proxyTimeoutMs);
    this.#head = new HeadBuffer();
    if (tls === undefined) return;
    this.#raw.pause();
    this.#peek(FIRST_LOOK_MS);
  }

  /** Ends it before it became a connection. */
  fall(reason: CloseReason, cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#over();
    if (this.#handshake === undefined) this.#raw.terminate();
    else this.#handshake.terminate();
    this.#ends.fell(this, reason, cause);
  }

  received(bytes: Uint8Array): void {
    const head = this.#head;
    if (this.#ready !== undefined) {
      this.#arrive(this.#ready, bytes);
      return;
    }
    if (head === undefined || this.#isOver) return;
    // Paused for the peek: the runtime reads it all the same once the peer has reset. No byte of it was under TLS.
    if (this.#steps.tls !== undefined) {
      this.fall("reset", undefined);
      return;
    }
    const all = head.add(bytes);
    const length = this.#read(all);
    if (length === 0) head.keep(all);
    else if (length === all.length) this.#settle(this.#raw);
    else if (length > 0) this.#arrive(this.#raw, all.subarray(length));
  }

  gone(error: Error | undefined): void {
    const ready = this.#ready;
    if (ready !== undefined && error === undefined) {
      this.#arrive(ready, undefined);
      ready.data?.gone(undefined);
    } else this.fall(error === undefined ? "peer" : "reset", error);
  }

  failed(error: Error): void {
    this.fall("system", error);
  }

  peerFinished(): void {
    const ready = this.#ready;
    if (ready !== undefined) {
      this.#arrive(ready, undefined);
      ready.data?.peerFinished();
    } else this.fall(this.#head === undefined ? "peer" : "proxy-header", new Error("finished before its PROXY header"));
  }

  writable(): void {}

  secured(): void {}

  // ---- PROXY header ------------------------------------------------------------------------------------------------

  /** @returns the header's length, 0 when more is needed, -1 when it was refused */
  #read(bytes: Uint8Array): number {
    const decoded = decodeProxyHeader(bytes);
    if (decoded.state === "incomplete") return 0;
    if (decoded.state === "refused") {
      this.fall("proxy-header", new Error(`PROXY header refused: ${decoded.reason}`));
      return -1;
    }
    this.#proxy = decoded.value;
    return decoded.length;
  }

  /** Paused sockets tell nothing, so the kernel is asked again: at once, as a rule the header is there, then less often. */
  #peek(waitMs: number): void {
    const descriptor = descriptorOf(this.#raw);
    const bytes = peekBytes(descriptor);
    if (typeof bytes === "string") {
      this.fall(bytes === "reset" ? "reset" : "peer", undefined);
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
        this.#settle(socket);
      },
      failed: (reason, cause) => this.fall(reason, cause),
    });
  }

  // ---- end ---------------------------------------------------------------------------------------------------------

  /** It stands; for a moment it is seen whether it stays. */
  #settle(socket: RawSocket): void {
    clearTimeout(this.#timer);
    this.#ready = socket;
    socket.data = this;
    this.#look = setTimeout(() => {
      if (isOver(descriptorOf(socket))) this.fall("reset", undefined);
      else this.#arrive(socket, undefined);
    }, SETTLE_MS);
  }

  #arrive(socket: RawSocket, rest: Uint8Array | undefined): void {
    this.#over();
    this.#ends.arrived(this, socket, this.#proxy, rest);
  }

  #over(): void {
    this.#isOver = true;
    this.#ready = undefined;
    this.#counts[Count.arriving]! -= 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#look);
  }
}
