import { systemCodeOf } from "../../base/mod.ts";
import { descriptorOf } from "../ffi.ts";
import { type RawSocket, SOCKET_EVENTS, type SocketEvents, UNREAD_SOCKET_EVENTS } from "../socket-events.ts";
import { isOver } from "../tcp-info.ts";
import { peerCertificate } from "./info.ts";
import type { PeerCertificate } from "./options.ts";
import type { TlsSessions } from "./sessions.ts";

/** The owner of the raw half of a TLS socket: it ignores events, since the encrypted half reports them. */
const NOBODY: SocketEvents = {
  received() {},
  writable() {},
  peerFinished() {},
  gone() {},
  failed() {},
  secured() {},
};

/** Why a handshake failed; the peer left by FIN (`peer`) or by reset, or what it said was wrong, or came too late. */
export type HandshakeFailure = "tls-failed" | "peer" | "reset";

/** What is known of a handshake that failed, on the cause of its error. */
export interface HandshakeProblem {
  /** OpenSSL's name for what is wrong with a certificate, such as `CERT_HAS_EXPIRED`. */
  readonly problem?: string;
  /** The certificate that was refused. */
  readonly certificate?: PeerCertificate;
}

/** Returns what an error of a handshake, or its cause, says of a certificate. */
export function handshakeProblem(error: unknown): HandshakeProblem {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { certificate, code, problem } = each as { certificate?: PeerCertificate; code?: unknown; problem?: string };
    if (certificate !== undefined)
      return { certificate, ...(problem === undefined ? typeof code === "string" && { problem: code } : { problem }) };
  }
  return {};
}

/** Called when a handshake ends; one of them, once. */
export interface HandshakeEnds {
  done(socket: RawSocket): void;
  /** The socket is closed. */
  failed(reason: HandshakeFailure, cause: Error): void;
}

/** What `upgradeTLS` of the runtime is given: `tls` in its words, `socket` the functions it calls. */
export interface UpgradeRequest {
  readonly isServer?: boolean;
  readonly tls: object;
  readonly socket: object;
}

/** The functions of a client's sockets, which also hand over what the server gives for resuming. */
export function resumingEvents(sessions: TlsSessions): object {
  return {
    ...SOCKET_EVENTS,
    session({ data: owner }: RawSocket, session: Uint8Array): void {
      // TLS 1.2 gives it before the certificate is verified, TLS 1.3 at any time after.
      if (owner instanceof Handshake) owner.keep(session);
      else if (owner !== NOBODY) sessions.add(session);
    },
  };
}

/** Owns a socket from its first encrypted byte to the end of the handshake. */
export class Handshake implements SocketEvents {
  readonly #ends: HandshakeEnds;
  readonly #verify: (socket: RawSocket, authorized: boolean, error: Error | null) => Error | undefined;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #sessions: TlsSessions | undefined;
  #session: Uint8Array | undefined;
  /** The encrypted half; what it was made of has no descriptor any more. */
  #socket: RawSocket;
  #isOver = false;

  /**
   * @param verify what is wrong with the peer, or undefined
   * @param sessions to resume one of
   */
  constructor(
    raw: RawSocket,
    request: UpgradeRequest,
    timeoutMs: number,
    verify: (socket: RawSocket, authorized: boolean, error: Error | null) => Error | undefined,
    ends: HandshakeEnds,
    sessions?: TlsSessions,
  ) {
    this.#socket = raw;
    this.#ends = ends;
    this.#verify = verify;
    this.#sessions = sessions;
    this.#timer = setTimeout(
      () => this.#fail("tls-failed", new Error(`TLS handshake timed out after ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      raw.data = NOBODY;
      const [plain, secure] = raw.upgradeTLS({ ...request, data: this } as never) as unknown as [RawSocket, RawSocket];
      this.#socket = secure;
      // Only a socket that was connected has handlers of its own: those of an accepted one are its listener's.
      if (request.isServer !== true) plain.reload({ socket: UNREAD_SOCKET_EVENTS } as never);
    } catch (error) {
      this.#fail("tls-failed", error as Error);
    }
  }

  /** What to close while it is under way. */
  get socket(): RawSocket {
    return this.#socket;
  }

  /** Closes the socket without a callback. */
  terminate(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#socket.data = NOBODY;
    this.#socket.terminate();
  }

  attached(socket: RawSocket): void {
    this.#socket = socket;
    const session = this.#sessions?.take();
    // Only here: before, there is no encrypted half, and after, the ClientHello is sent.
    if (session !== undefined) (socket as RawSocket & { setSession(session: Uint8Array): void }).setSession(session);
  }

  /** Keeps a session until the handshake is verified. */
  keep(session: Uint8Array): void {
    this.#session = session;
  }

  secured(authorized: boolean, error: Error | null): void {
    const socket = this.#socket;
    if (this.#isOver) return;
    const wrong = inWords(this.#verify(socket, authorized, error));
    if (wrong !== undefined) {
      noteCertificate(wrong, socket);
      // The runtime's word for a peer that left, be it by FIN or by reset.
      if (systemCodeOf(wrong) !== "ECONNRESET") this.#fail("tls-failed", wrong);
      else this.#fail(isOver(descriptorOf(socket)) ? "reset" : "peer", wrong);
      return;
    }
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#session !== undefined) this.#sessions?.add(this.#session);
    this.#ends.done(socket);
  }

  gone(error: Error | undefined): void {
    if (error === undefined) this.#fail("peer", new Error("closed in the handshake"));
    else this.#fail(systemCodeOf(error) === "ECONNRESET" ? "reset" : "tls-failed", error);
  }

  failed(error: Error): void {
    this.#fail("tls-failed", error);
  }

  peerFinished(): void {
    this.#fail("peer", new Error("finished in the handshake"));
  }

  received(): void {}

  writable(): void {}

  #fail(reason: HandshakeFailure, cause: Error): void {
    if (this.#isOver) return;
    this.terminate();
    this.#ends.failed(reason, cause);
  }
}

/** Adds the peer's certificate to why it was refused: who asks for a service's state wants to know how long it lasts all the same. */
function noteCertificate(wrong: Error, socket: RawSocket): void {
  const certificate = peerCertificate(socket);
  if (certificate !== undefined) Object.assign(wrong, { certificate });
}

/** OpenSSL's names for bytes that are no TLS record. */
const NO_TLS = /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST/;

function inWords(error: Error | undefined): Error | undefined {
  const name = error?.message.match(NO_TLS)?.[0];
  return name === undefined ? error : new Error(`the peer speaks no TLS but something else: ${name}`, { cause: error });
}
