/** More than this many are of no use to a client: the oldest go first. */
const MAX_SESSIONS = 256;

/**
 * TLS sessions that servers gave, for later handshakes without certificates (RFC 8446 §2.2, RFC 5077). They come from handshakes that
 * were verified, and hold their result: a client uses only its own.
 */
export class TlsSessions {
  readonly #kept: Uint8Array[] = [];

  add(session: Uint8Array): void {
    if (this.#kept.length === MAX_SESSIONS) this.#kept.shift();
    this.#kept.push(session);
  }

  /** Returns the newest. A ticket of TLS 1.3 is for one use, so that only the last stays: servers of TLS 1.2 give one for many uses. */
  take(): Uint8Array | undefined {
    return this.#kept.length > 1 ? this.#kept.pop() : this.#kept[0];
  }
}
