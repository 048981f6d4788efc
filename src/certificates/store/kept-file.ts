import { createHash } from "node:crypto";
import type { IssuedCertificate } from "../issuer.ts";
import { type CertificateInfo, infoOf, isKeyOf, readCertificate, splitPem } from "../x509/mod.ts";

/** A certificate with what is known about it. */
export interface Kept {
  readonly certificate: IssuedCertificate;
  readonly info: CertificateInfo;
  readonly issuer: string;
}

/** Certificate and key are one file, so that they are replaced together. Text in front of PEM is ignored by other programs (RFC 7468 §2). */
export function keptText({ certificate: { cert, key }, issuer }: Kept): string {
  return `tenk-issuer: ${issuer}\n${cert.trimEnd()}\n${key.trimEnd()}\n`;
}

/** Reads such a file; undefined where certificate and key do not belong together, or the names are others. */
export function readKept(text: string, names: readonly string[]): Kept | undefined {
  const parts = splitPem(text);
  if (parts === undefined) return undefined;
  const issuer = /^tenk-issuer: (\w{1,40})$/m.exec(text)?.[1] ?? "";
  try {
    return { certificate: parts, info: checkedInfo(parts, names), issuer };
  } catch {
    return undefined;
  }
}

/**
 * Reads what a server needs to know of a certificate.
 *
 * @throws where it is not for exactly `names`, or its key is another one
 */
export function checkedInfo({ cert, key }: IssuedCertificate, names: readonly string[]): CertificateInfo {
  const certificate = readCertificate(cert);
  const info = infoOf(certificate);
  if (!isKeyOf(key, certificate)) throw new Error("the key is not the certificate's");
  if (info.names.join() !== [...names].sort().join())
    throw new Error(`it is for ${info.names.join(", ") || "no name"}`);
  return info;
}

/**
 * `*.home.arpa` → `_.home.arpa.pem`; several names, which are those for clients that name no host, → `default-1f3c9a2b.pem`: each
 * listener may have its own addresses. The names were checked, so that none has a slash.
 */
export function fileNameOf(names: readonly string[]): string {
  if (names.length === 1) return `${names[0]!.replace("*", "_").replaceAll(":", "-")}.pem`;
  const digest = createHash("sha256").update(names.join()).digest("hex");
  return `default-${digest.slice(0, 8)}.pem`;
}
