import { createPrivateKey, webcrypto } from "node:crypto";

/** ECDSA on P-256: what every client since 2014 verifies, at a quarter of RSA's cost in a handshake. */
export const ECDSA_P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ECDSA_P256, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

/** Returns a private key as PKCS #8 in PEM. */
export async function privateKeyPem(key: CryptoKey): Promise<string> {
  return pemOf("PRIVATE KEY", new Uint8Array(await webcrypto.subtle.exportKey("pkcs8", key)));
}

/** @throws where `pem` is not a private key on P-256 */
export function importPrivateKey(pem: string): Promise<CryptoKey> {
  const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", new Uint8Array(der), ECDSA_P256, true, ["sign"]) as Promise<CryptoKey>;
}

/** RFC 7468: 64 characters a line. */
export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
