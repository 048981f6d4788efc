import { createPrivateKey, X509Certificate } from "node:crypto";
import { formatIp, parseIp } from "../../wire/mod.ts";

/** What the store needs to know of a certificate. Read by the runtime; the library is not loaded. */
export interface CertificateInfo {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Of the subjectAltName, as `checkedName` writes them, sorted. */
  readonly names: readonly string[];
  /** SHA-256, `AB:CD:…` */
  readonly fingerprint: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]{1,100000}-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:EC )?PRIVATE KEY-----[^-]{1,10000}-----END (?:EC )?PRIVATE KEY-----/;
/** Deeper chains do not exist. */
const MAX_CERTIFICATES = 10;

/** Returns the certificates in a PEM text, in its order. */
export function certificatesIn(pem: string): string[] {
  return (pem.match(CERTIFICATE) ?? []).slice(0, MAX_CERTIFICATES).map((text) => `${text}\n`);
}

/** Splits a text that has both, as the store's files do; undefined where either is missing. */
export function splitPem(text: string): { cert: string; key: string } | undefined {
  const [key] = KEY.exec(text) ?? [];
  const certificates = certificatesIn(text);
  return key === undefined || certificates.length === 0 ? undefined : { cert: certificates.join(""), key: `${key}\n` };
}

/**
 * Reads the first certificate of a PEM text.
 *
 * @throws where there is none, or it cannot be read
 */
export function readCertificate(pem: string): X509Certificate {
  const [first] = certificatesIn(pem);
  if (first === undefined) throw new Error("no certificate in it");
  return new X509Certificate(first);
}

export function infoOf(certificate: X509Certificate): CertificateInfo {
  return {
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    names: altNames(certificate),
    fingerprint: certificate.fingerprint256,
  };
}

function altNames(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? "")
    .split(", ")
    .map((entry) => /^(?:DNS|IP Address):([^"]+)$/.exec(entry)?.[1])
    .filter((name) => name !== undefined)
    .map(canonical)
    .sort();
}

/** The runtime writes addresses without `::`. */
function canonical(name: string): string {
  const address = parseIp(name);
  return address === undefined ? name.toLowerCase() : formatIp(address);
}

/** Whether `key` (PEM) is the private key of `certificate`; false also where it cannot be read. */
export function isKeyOf(key: string, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Whether each certificate of a chain is signed by the next one, and the last by `root`. */
export function isChainOf(cert: string, root: X509Certificate): boolean {
  try {
    if (certificatesIn(cert).length === 0) return false;
    const chain = [...certificatesIn(cert).map((text) => new X509Certificate(text)), root];
    return chain.every((each, at) => at === chain.length - 1 || each.verify(chain[at + 1]!.publicKey));
  } catch {
    return false;
  }
}
