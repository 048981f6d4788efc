import { generateKeyPair, type KeyObject, randomBytes, sign } from "node:crypto";
import { promisify } from "node:util";
import { parseIp } from "../../wire/mod.ts";
import type { IssuedCertificate } from "../issuer.ts";
import {
  bitString,
  type Der,
  element,
  integer,
  integerContent,
  objectId,
  octetString,
  pemOf,
  readCertificate,
  sequence,
  set,
  TRUE,
  time,
} from "../x509/mod.ts";
import type { Identifier } from "./identifiers.ts";

const generate = promisify(generateKeyPair);
const DAY_MS = 86_400_000;

const ECDSA_WITH_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const EXTENSION_REQUEST = objectId("1.2.840.113549.1.9.14");
const ALTERNATIVE_NAMES = objectId("2.5.29.17");
const KEY_USAGE = objectId("2.5.29.15");
/** RFC 8737 §6.1: id-pe-acmeIdentifier. */
const ACME_IDENTIFIER = objectId("1.3.6.1.5.5.7.1.31");
const AUTHORITY_KEY = Buffer.from(objectId("2.5.29.35"));
const NO_NAME = sequence();

/** A new key and the request for its certificate (RFC 2986, RFC 8555 §7.4). Its subject is empty: the names are the alternative ones. */
export async function certificateRequest(identifiers: readonly Identifier[]): Promise<{ csr: string; key: string }> {
  const { publicKey, privateKey } = await generate("ec", { namedCurve: "P-256" });
  const extensions = set(sequence(sequence(ALTERNATIVE_NAMES, octetString(generalNames(identifiers)))));
  const attributes = element(0xa0, sequence(EXTENSION_REQUEST, extensions));
  const info = sequence(integer(new Uint8Array(1)), NO_NAME, publicDer(publicKey), attributes);
  return { csr: Buffer.from(signed(info, privateKey)).toString("base64url"), key: keyPem(privateKey) };
}

/**
 * The certificate that proves a name by TLS-ALPN-01 (RFC 8737 §3): self-signed, for this name only, the digest in a critical extension.
 * It has a key usage, without which BoringSSL ends the handshake (KEY_USAGE_BIT_INCORRECT).
 */
export async function challengeCertificate(identifier: Identifier, digest: Uint8Array): Promise<IssuedCertificate> {
  const { publicKey, privateKey } = await generate("ec", { namedCurve: "P-256" });
  const nowMs = Date.now();
  const name = sequence(set(sequence(objectId("2.5.4.3"), element(0x0c, Buffer.from("ACME challenge")))));
  const extensions = sequence(
    sequence(ALTERNATIVE_NAMES, TRUE, octetString(generalNames([identifier]))),
    // digitalSignature, the first bit
    sequence(KEY_USAGE, TRUE, octetString(bitString(new Uint8Array([0x80]), 1))),
    sequence(ACME_IDENTIFIER, TRUE, octetString(octetString(digest))),
  );
  const info = sequence(
    element(0xa0, integer(new Uint8Array([2]))), // version 3
    integer(randomSerial()),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(nowMs - DAY_MS), time(nowMs + DAY_MS)),
    name,
    publicDer(publicKey),
    element(0xa3, extensions),
  );
  return { cert: pemOf("CERTIFICATE", signed(info, privateKey)), key: keyPem(privateKey) };
}

/** RFC 5280 §4.1.2.2: positive; its first byte is not zero either. */
function randomSerial(): Uint8Array {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

/** RFC 5280 §4.2.1.6: dNSName is [2], iPAddress [7]. */
function generalNames(identifiers: readonly Identifier[]): Der {
  return sequence(
    ...identifiers.map(({ type, value }) =>
      type === "ip" ? element(0x87, parseIp(value)!) : element(0x82, Buffer.from(value, "latin1")),
    ),
  );
}

function signed(info: Der, key: KeyObject): Der {
  return sequence(info, ECDSA_WITH_SHA256, bitString(sign("sha256", info, key)));
}

function publicDer(key: KeyObject): Uint8Array {
  return key.export({ type: "spki", format: "der" });
}

function keyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * Returns how RFC 9773 §4.1 names a certificate: its authority key identifier and serial number; undefined where it has no such
 * identifier, or is none. `pem` may be a chain.
 */
export function renewalIdOf(pem: string): string | undefined {
  try {
    const { raw, serialNumber } = readCertificate(pem);
    const issuer = authorityKey(raw);
    // RFC 5280 §4.1.2.2 has positive ones only; the runtime writes others with a sign.
    if (!/^[0-9A-F]+$/i.test(serialNumber)) return undefined;
    const serial = Buffer.from(serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`, "hex");
    return issuer && `${issuer.toString("base64url")}.${Buffer.from(integerContent(serial)).toString("base64url")}`;
  } catch {
    return undefined;
  }
}

/**
 * Reads the key identifier (RFC 5280 §4.2.1.1) behind the extension's object identifier:
 * `OCTET STRING { SEQUENCE { [0] keyIdentifier, … } }`, all lengths of one byte.
 */
function authorityKey(certificate: Buffer): Buffer | undefined {
  const found = certificate.indexOf(AUTHORITY_KEY);
  const at = found + AUTHORITY_KEY.length;
  if (found < 0 || certificate[at] !== 0x04 || certificate[at + 2] !== 0x30 || certificate[at + 4] !== 0x80)
    return undefined;
  const length = certificate[at + 5]!;
  const key = certificate.subarray(at + 6, at + 6 + length);
  return length < 0x80 && key.length === length ? key : undefined;
}
