import {
  createHash,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { promisify } from "node:util";
import { parseIp } from "../../wire/mod.ts";
import {
  bitString,
  type Der,
  element,
  elements,
  encodeNameConstraints,
  integer,
  NAME_CONSTRAINTS,
  type NameConstraints,
  objectId,
  octetString,
  pemOf,
  sequence,
  set,
  TRUE,
  time,
} from "../x509/mod.ts";

const generate = promisify(generateKeyPair);

const ECDSA_WITH_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
/** id-kp-serverAuth (RFC 5280 §4.2.1.12). */
const SERVER_AUTH = sequence(objectId("1.3.6.1.5.5.7.3.1"));

const ORGANISATION = attribute("2.5.4.10", "tenk");

/** A certificate and its private key, both PEM. */
export interface Signed {
  readonly cert: string;
  readonly key: string;
}

/** Who signs: a CA's certificate and its key. */
export interface Signer {
  /** PEM */
  readonly cert: string;
  readonly privateKey: KeyObject;
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Makes a root: it signs intermediates, and through them only names within `constraints`. */
export function signRoot(commonName: string, validity: Validity, constraints: NameConstraints): Promise<Signed> {
  return make(validity, nameOf(commonName), undefined, (publicKey) => [
    ...caExtensions(1, constraints),
    extension("2.5.29.14", false, octetString(keyIdentifier(publicKey))),
  ]);
}

/**
 * Makes an intermediate. It repeats the root's constraints: a client may take nothing but name and key from a root that its user
 * trusts (RFC 5280 §6.1.1 d).
 */
export function signIntermediate(
  commonName: string,
  validity: Validity,
  constraints: NameConstraints,
  root: Signer,
): Promise<Signed> {
  return make(validity, nameOf(commonName), root, (publicKey) => [
    ...caExtensions(0, constraints),
    extension("2.5.29.37", false, SERVER_AUTH),
    ...identifiers(publicKey, root),
  ]);
}

/**
 * Makes a server's certificate. Its names are in the subjectAltName alone (RFC 9525 §6.3). The subject is an organisation, since some
 * clients (kdig) take no certificate with an empty one.
 */
export function signLeaf(names: readonly string[], validity: Validity, intermediate: Signer): Promise<Signed> {
  const altNames = names.map((name) => {
    const address = parseIp(name);
    return address === undefined ? element(0x82, Buffer.from(name, "latin1")) : element(0x87, address);
  });
  return make(validity, sequence(ORGANISATION), intermediate, (publicKey) => [
    extension("2.5.29.19", true, sequence()),
    // digitalSignature, the first bit
    extension("2.5.29.15", true, bitString(new Uint8Array([0x80]), 1)),
    extension("2.5.29.37", false, SERVER_AUTH),
    extension("2.5.29.17", false, sequence(...altNames)),
    ...identifiers(publicKey, intermediate),
  ]);
}

/** Makes a certificate that signs itself, for peers who know it by other means than its name. */
export function signItself(commonName: string, validity: Validity): Promise<Signed> {
  // digitalSignature, the first bit
  const usage = extension("2.5.29.15", true, bitString(new Uint8Array([0x80]), 1));
  return make(validity, nameOf(commonName), undefined, () => [usage]);
}

/** A certificate in the order of RFC 5280 §4.1, for a new key. Without a signer it signs itself. */
async function make(
  { notBeforeMs, notAfterMs }: Validity,
  subject: Der,
  signer: Signer | undefined,
  extensions: (publicKey: KeyObject) => readonly Der[],
): Promise<Signed> {
  const { publicKey, privateKey } = await generate("ec", { namedCurve: "P-256" });
  const info = sequence(
    element(0xa0, integer(new Uint8Array([2]))), // version 3
    integer(newSerial()),
    ECDSA_WITH_SHA256,
    signer === undefined ? subject : subjectOf(signer.cert),
    sequence(time(notBeforeMs), time(notAfterMs)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    element(0xa3, sequence(...extensions(publicKey))),
  );
  const signature = sign("sha256", info, signer?.privateKey ?? privateKey);
  return {
    cert: pemOf("CERTIFICATE", sequence(info, ECDSA_WITH_SHA256, bitString(signature))),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** 126 random bits: unique without a record of those given out. Positive, and never with a leading zero (RFC 5280 §4.1.2.2). */
function newSerial(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes;
}

function nameOf(commonName: string): Der {
  return sequence(attribute("2.5.4.3", commonName), ORGANISATION);
}

function attribute(type: string, text: string): Der {
  return set(sequence(objectId(type), element(0x0c, Buffer.from(text))));
}

/** The subject's own bytes: clients compare them with the issuer of what it signed. */
function subjectOf(pem: string): Der {
  const [certificate] = elements(new X509Certificate(pem).raw);
  const [info] = elements(certificate!.value);
  const fields = elements(info!.value);
  return element(0x30, fields[5]!.value);
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Der {
  return sequence(objectId(id), ...(isCritical ? [TRUE] : []), octetString(value));
}

function caExtensions(pathLength: number, constraints: NameConstraints): Der[] {
  return [
    extension("2.5.29.19", true, sequence(TRUE, integer(new Uint8Array([pathLength])))),
    // keyCertSign and cRLSign, the sixth and seventh bit
    extension("2.5.29.15", true, bitString(new Uint8Array([0x06]), 7)),
    extension(NAME_CONSTRAINTS, true, encodeNameConstraints(constraints)),
  ];
}

function identifiers(publicKey: KeyObject, { cert }: Signer): Der[] {
  const issuer = keyIdentifier(createPublicKey(cert));
  return [
    extension("2.5.29.14", false, octetString(keyIdentifier(publicKey))),
    extension("2.5.29.35", false, sequence(element(0x80, issuer))),
  ];
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the key's bits, which of P-256 are the last 65 bytes. */
function keyIdentifier(publicKey: KeyObject): Uint8Array {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha1").update(spki.subarray(-65)).digest();
}
