/** base64url (RFC 8555 §6.5.1); a CA's are about 40 characters long. */
const NONCE = /^[A-Za-z0-9_-]{1,256}$/;

/**
 * Nonces that answers of the CA brought. `take` removes one, so that none is sent twice, whatever becomes of the request
 * that had it. The newest is taken first: old ones expire.
 */
export class Nonces {
  readonly #unused: string[] = [];
  readonly #max: number;

  constructor(max = 16) {
    this.#max = max;
  }

  /** Keeps it, unless it is none: the value of a header Replay-Nonce. */
  add(nonce: string | null): void {
    if (nonce === null || !NONCE.test(nonce) || this.#unused.includes(nonce)) return;
    this.#unused.push(nonce);
    if (this.#unused.length > this.#max) this.#unused.shift();
  }

  take(): string | undefined {
    return this.#unused.pop();
  }
}
