import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

/** A server that asks for more rounds would only keep us busy; PostgreSQL's default is 4096, which takes 2 ms. */
const MAX_ITERATIONS = 100_000;
/** Without channel binding (RFC 5802 §7). */
const HEADER = "n,,";

/** The client's side of SCRAM-SHA-256 (RFC 5802, 7677), which proves to each side that the other knows the password. */
export class ScramLogin {
  readonly #password: string;
  readonly #bare: string;
  readonly #nonce: string;
  #signature: Buffer | undefined;

  /**
   * @param user empty where the protocol has told it already, as PostgreSQL's does
   * @param nonce a random text, fixed only in tests
   */
  constructor(password: string, user = "", nonce = randomBytes(18).toString("base64")) {
    this.#password = password.normalize("NFKC");
    this.#nonce = nonce;
    this.#bare = `n=${user.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  }

  get first(): string {
    return HEADER + this.#bare;
  }

  /** Returns the client's final message; undefined where the server's first one breaks the protocol. */
  final(serverFirst: string): string | undefined {
    const found = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/=]+),i=(\d{1,7})(?:,|$)/.exec(serverFirst);
    if (found === null) return undefined;
    const [, nonce, salt, rounds] = found as unknown as [string, string, string, string];
    const iterations = Number(rounds);
    // The nonce must begin with ours: otherwise the answer is a replay.
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce || iterations < 1 || iterations > MAX_ITERATIONS)
      return;
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, "base64"), iterations, 32, "sha256");
    const clientKey = hmac(salted, "Client Key");
    const withoutProof = `c=${Buffer.from(HEADER).toString("base64")},r=${nonce}`;
    const signed = `${this.#bare},${serverFirst},${withoutProof}`;
    const clientSignature = hmac(createHash("sha256").update(clientKey).digest(), signed);
    const proof = clientKey.map((byte, index) => byte ^ clientSignature[index]!);
    this.#signature = hmac(hmac(salted, "Server Key"), signed);
    return `${withoutProof},p=${Buffer.from(proof).toString("base64")}`;
  }

  /** Whether the server's final message proves that it knows the password too. */
  verifies(serverFinal: string): boolean {
    const said = Buffer.from(/^v=([A-Za-z0-9+/=]+)/.exec(serverFinal)?.[1] ?? "", "base64");
    const expected = this.#signature;
    return expected !== undefined && said.length === expected.length && timingSafeEqual(said, expected);
  }
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
