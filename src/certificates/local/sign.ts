import { randomBytes } from "node:crypto";
import { isAddress } from "../names.ts";
import {
  ECDSA_P256,
  encodeNameConstraints,
  loadX509,
  NAME_CONSTRAINTS,
  type NameConstraints,
  newKeys,
  privateKeyPem,
  type X509,
} from "../x509/mod.ts";

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/** A certificate and its private key, both PEM. */
export interface Signed {
  readonly cert: string;
  readonly key: string;
}

/** Who signs: a CA's certificate, and its key as WebCrypto has it. */
export interface Signer {
  readonly cert: string;
  readonly privateKey: CryptoKey;
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Makes a root: it signs intermediates, and through them only names within `constraints`. */
export async function signRoot(commonName: string, validity: Validity, constraints: NameConstraints): Promise<Signed> {
  const x509 = await loadX509();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(validity),
    name: nameOf(commonName),
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      caUsage(x509),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      constraintsOf(x509, constraints),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: await privateKeyPem(keys.privateKey) };
}

/**
 * Makes an intermediate. It repeats the root's constraints: a client may take nothing but name and key from a root that its user
 * trusts (RFC 5280 §6.1.1 d).
 */
export async function signIntermediate(
  commonName: string,
  validity: Validity,
  constraints: NameConstraints,
  root: Signer,
): Promise<Signed> {
  const x509 = await loadX509();
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(root.cert);
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(validity),
    subject: nameOf(commonName),
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: root.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      caUsage(x509),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      constraintsOf(x509, constraints),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: await privateKeyPem(keys.privateKey) };
}

/** Makes a server's certificate. Its names are in the subjectAltName, which is critical because the subject is empty (RFC 5280 §4.2.1.6). */
export async function signLeaf(names: readonly string[], validity: Validity, intermediate: Signer): Promise<Signed> {
  const x509 = await loadX509();
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(intermediate.cert);
  const altNames = names.map((name) => ({ type: isAddress(name) ? ("ip" as const) : ("dns" as const), value: name }));
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(validity),
    subject: "",
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: intermediate.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension(altNames, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: await privateKeyPem(keys.privateKey) };
}

function common({ notBeforeMs, notAfterMs }: Validity) {
  return {
    serialNumber: newSerial(),
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: ECDSA_P256,
  };
}

/** 126 random bits: unique without a record of those given out. Positive, and never with a leading zero (RFC 5280 §4.1.2.2). */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/** `commonName` must have no character that RFC 4514 escapes. */
function nameOf(commonName: string): string {
  return `CN=${commonName}, O=tenk`;
}

function caUsage({ KeyUsagesExtension, KeyUsageFlags }: X509) {
  return new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true);
}

function constraintsOf({ Extension }: X509, constraints: NameConstraints) {
  return new Extension(NAME_CONSTRAINTS, true, encodeNameConstraints(constraints));
}
