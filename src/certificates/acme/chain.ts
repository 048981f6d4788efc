import { X509Certificate } from "node:crypto";
import { infoOf, isKeyOf } from "../x509/mod.ts";
import { AcmeError } from "./error.ts";

/** A chain of a public CA has two or three. */
const MAX_CERTIFICATES = 10;
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** Returns the chain's certificates, the first its own, then its issuers'. @throws {Error} saying what is wrong */
export function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES) {
    throw new Error(`it has ${blocks.length} certificates, expected 1 to ${MAX_CERTIFICATES}`);
  }
  // RFC 8555 §9.1: nothing but certificates, so that a key can never come from a CA.
  if (pem.replace(BLOCK, "").trim() !== "") throw new Error("it has more in it than certificates");
  return blocks.map((block) => new X509Certificate(block));
}

/**
 * Checks what a CA delivered: it parses, is for our key and exactly our names, is valid now, and each certificate is signed by the next.
 *
 * @returns the chain in PEM
 * @throws {AcmeError} step `download`
 */
export function checkChain(pem: string, key: string, names: readonly string[], nowMs: number): string {
  try {
    const chain = certificatesOf(pem);
    const wrong = problemWith(chain, key, names, nowMs);
    if (wrong !== undefined) throw new Error(wrong);
    return chain.map((certificate) => `${certificate.toString().trim()}\n`).join("");
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new AcmeError("download", names.join(", "), what, { cause: error });
  }
}

function problemWith(
  chain: X509Certificate[],
  key: string,
  names: readonly string[],
  nowMs: number,
): string | undefined {
  const leaf = chain[0]!;
  if (!isKeyOf(key, leaf)) return "it is for another key";
  const { names: certified, notBeforeMs, notAfterMs } = infoOf(leaf);
  const missing = names.filter((name) => !certified.includes(name));
  if (missing.length > 0) return `it is not for ${missing.join(", ")}`;
  if (certified.length > names.length) return "it is for names that were not ordered";
  if (notAfterMs <= nowMs) return `it has expired at ${new Date(notAfterMs).toISOString()}: check this machine's clock`;
  // A CA issues from an hour before now on: only a clock that is far behind sees this.
  if (notBeforeMs > nowMs)
    return `it is valid only from ${new Date(notBeforeMs).toISOString()}: check this machine's clock`;
  const broken = chain.findIndex((each, index) => index > 0 && !isSignedBy(chain[index - 1]!, each));
  return broken < 0 ? undefined : `certificate ${broken} of the chain was not signed by the next`;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);
}

/** Whether the chain leads to a root of this common name: it is the issuer of the last certificate. */
export function leadsTo(pem: string, root: string): boolean {
  const issuer = certificatesOf(pem).at(-1)?.issuer ?? "";
  return issuer.split("\n").includes(`CN=${root}`);
}

/** Returns the URLs of `Link: <…>;rel="alternate"` (RFC 8555 §7.4.2), resolved against `base`. */
export function alternatesOf(header: string | null, base: string): string[] {
  const links = (header ?? "").slice(0, 16_384).matchAll(/<([^<>]{1,2048})>([^<]*)/g);
  return [...links]
    .filter(([, url, parameters]) => /;\s*rel="?alternate"?/i.test(parameters!) && URL.canParse(url!, base))
    .map(([, url]) => new URL(url!, base).href);
}
