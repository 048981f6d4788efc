import { constants, createHash, publicEncrypt } from "node:crypto";

/** Proves to a server that we know the password; empty for a plugin that is not known. */
export function passwordProof(plugin: string, password: string, nonce: Uint8Array): Uint8Array {
  if (plugin === "mysql_native_password") {
    const once = digest("sha1", password);
    return xor(once, digest("sha1", nonce, digest("sha1", once)));
  }
  if (plugin === "caching_sha2_password") {
    const once = digest("sha256", password);
    return xor(once, digest("sha256", digest("sha256", once), nonce));
  }
  return new Uint8Array(0);
}

/** Encrypts the password with the server's public key; undefined where `key` is not an RSA key in PEM. */
export function sealedPassword(key: string, password: string, nonce: Uint8Array): Uint8Array | undefined {
  const clear = new Uint8Array(Buffer.from(`${password}\0`, "utf8"));
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return new Uint8Array(publicEncrypt({ key, padding, oaepHash: "sha1" }, xor(clear, nonce)));
  } catch {
    return undefined; // not a key, or one too short for the password
  }
}

function digest(name: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** The mask repeats where it is shorter. */
function xor(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte ^ mask[index % mask.length]!);
}
