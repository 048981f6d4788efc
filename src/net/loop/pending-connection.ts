import { decodeProxyHeader, HeadBuffer, type ProxyHeader, readClientHello } from "../../wire/mod.ts";
import { Count } from "../counts.ts";
import { descriptorOf, discardBytes, MOST_PEEKED_BYTES, peekBytes } from "../ffi.ts";
import type { CloseReason } from "../reasons.ts";
import type { RawSocket, SocketEvents } from "../socket-events.ts";
import { isOver } from "../tcp-info.ts";
import { closeSecure, Handshake, type ServerTls, type UpgradeRequest } from "../tls/mod.ts";

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
/** So bytes wait for at most a quarter of the time that they took to come. */
const LOOK_FACTOR = 1.25;
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
 *   accepted ─► PROXY header ─► ClientHello ─► TLS handshake ─► connection, its handler's open
 *                    └── late, wrong, gone: counted, and no handler is called; so is a validation by an ACME server
 * ```
 *
 * In front of TLS the header is peeked at: a proxy sends it together with the client's first bytes of TLS, and bytes that the
 * runtime has read cannot be given back to it. So is the ClientHello while a challenge is in force: the runtime chooses the
 * certificate before it tells which protocols are offered.
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
  #isPaused = false;
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
    this.#pauseAndPeek((bytes) => this.#readBeforeTls(bytes));
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

  /** @param look returns whether it needs no further bytes; not called while there are none */
  #pauseAndPeek(look: (bytes: Uint8Array) => boolean): void {
    if (!this.#isPaused) this.#raw.pause();
    this.#isPaused = true;
    this.#peek(FIRST_LOOK_MS, look);
  }

  /** Asks the kernel, since a paused socket reports nothing: at once, when the bytes are usually there, then less often. */
  #peek(waitMs: number, look: (bytes: Uint8Array) => boolean): void {
    const bytes = peekBytes(descriptorOf(this.#raw));
    if (typeof bytes === "string") {
      this.fail(bytes === "reset" ? "reset" : "peer", undefined);
      return;
    }
    if (bytes.length > 0 && look(bytes)) return;
    const nextMs = Math.min(waitMs * LOOK_FACTOR, LAST_LOOK_MS);
    this.#look = setTimeout(() => this.#peek(nextMs, look), waitMs);
  }

  #readBeforeTls(bytes: Uint8Array): boolean {
    const length = this.#read(bytes);
    if (length === 0) return false;
    if (length > 0) {
      discardBytes(descriptorOf(this.#raw), length);
      clearTimeout(this.#timer);
      this.#secure();
    }
    return true;
  }

  // ---- TLS ---------------------------------------------------------------------------------------------------------

  #secure(): void {
    const { tls } = this.#steps;
    if (tls === undefined) return;
    if (!tls.hasChallenges) {
      this.#shake(tls, tls.request());
      return;
    }
    const late = () => this.fail("tls-failed", new Error(`no ClientHello within ${tls.handshakeMs} ms`));
    this.#timer = setTimeout(late, tls.handshakeMs);
    this.#pauseAndPeek((bytes) => this.#readHello(tls, bytes));
  }

  /** A hello that is none, or is longer than what can be peeked at, is for the runtime to judge. */
  #readHello(tls: ServerTls, bytes: Uint8Array): boolean {
    const hello = readClientHello(bytes);
    if (hello.state === "incomplete" && bytes.length < MOST_PEEKED_BYTES) return false;
    clearTimeout(this.#timer);
    const challenge = hello.state === "value" ? tls.challengeRequest(hello.value) : undefined;
    if (challenge === undefined) this.#shake(tls, tls.request());
    else this.#shake(tls, challenge, true);
    return true;
  }

  #shake(tls: ServerTls, request: UpgradeRequest, isChallenge = false): void {
    if (this.#isPaused) this.#raw.resume();
    const verify = isChallenge ? verifyNothing : tls.verify;
    this.#handshake = new Handshake(this.#raw, request, tls.handshakeMs, verify, {
      done: (socket) => {
        this.#counts[Count.handshakes]! += 1;
        if (isChallenge) this.#endChallenge(socket);
        else this.#awaitReset(socket);
      },
      failed: (reason, cause) => this.fail(reason, cause),
    });
  }

  /** The ACME server has seen the certificate. Nothing is to be sent on this connection (RFC 8737 §4). */
  #endChallenge(socket: RawSocket): void {
    this.#finish();
    socket.data = undefined;
    closeSecure(socket);
    this.#owner.failed(this, "acme-challenge", undefined);
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

function verifyNothing(_: RawSocket, completed: boolean, error: Error | null): Error | undefined {
  return completed ? undefined : (error ?? new Error("handshake failed"));
}
