import { createHash, createHmac } from "node:crypto";
import { base64Url } from "./text.ts";

const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A public key in the order of fields that its thumbprint is made of (RFC 7638 §3.2). */
export interface PublicJwk {
  crv: string;
  kty: string;
  x: string;
  y: string;
}

/** A JWS in flattened JSON (RFC 7515 §7.2.2). */
export interface Jws {
  protected: string;
  payload: string;
  signature: string;
}

/** Signs requests with the account's key (RFC 8555 §6.2). */
export class Signer {
  readonly publicKey: PublicJwk;
  /** SHA-256 of the public key: half of every key authorization (RFC 8555 §8.1). */
  readonly thumbprint: string;
  readonly #privateKey: CryptoKey;

  private constructor(privateKey: CryptoKey, publicKey: PublicJwk) {
    this.#privateKey = privateKey;
    this.publicKey = publicKey;
    this.thumbprint = createHash("sha256").update(JSON.stringify(publicKey)).digest("base64url");
  }

  /** @param privateKey PKCS #8 of a P-256 key @throws {Error} when it is another */
  static async of(privateKey: Uint8Array): Promise<Signer> {
    const key = await crypto.subtle.importKey("pkcs8", Uint8Array.from(privateKey), ES256, true, ["sign"]);
    const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", key);
    if (crv !== "P-256" || kty !== "EC" || x === undefined || y === undefined) throw new Error("it is no key of P-256");
    return new Signer(key, { crv, kty, x, y });
  }

  /** `payload` undefined is the empty payload of a POST-as-GET. */
  async sign(header: object, payload: unknown): Promise<Jws> {
    const head = base64Url(JSON.stringify({ alg: "ES256", ...header }));
    const text = payload === undefined ? "" : base64Url(JSON.stringify(payload));
    const bytes = new TextEncoder().encode(`${head}.${text}`);
    const signature = await crypto.subtle.sign(ES256, this.#privateKey, bytes);
    return { protected: head, payload: text, signature: base64Url(new Uint8Array(signature)) };
  }
}

/** Binds a new account to one that the CA knows otherwise (RFC 8555 §7.3.4): the account's public key, signed by a MAC. */
export function externalBinding(account: PublicJwk, keyId: string, macKey: string, url: string): Jws {
  const head = base64Url(JSON.stringify({ alg: "HS256", kid: keyId, url }));
  const payload = base64Url(JSON.stringify(account));
  const mac = createHmac("sha256", Buffer.from(macKey, "base64url")).update(`${head}.${payload}`);
  return { protected: head, payload, signature: mac.digest("base64url") };
}
