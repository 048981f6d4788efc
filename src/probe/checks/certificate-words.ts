import { handshakeProblem, type PeerCertificate } from "../../net/mod.ts";
import { printable } from "../../wire/mod.ts";

const DAY_MS = 86_400_000;
const TRUST_IT = "give the probe who signed it as tls.ca, or tls: { verify: false }";

/** OpenSSL's names for what is wrong with a certificate, in words that say what to do. */
const PROBLEMS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `its certificate is signed by itself: ${TRUST_IT}`,
  SELF_SIGNED_CERT_IN_CHAIN: `its certificate is signed by an authority that is not trusted here: ${TRUST_IT}`,
  UNABLE_TO_GET_ISSUER_CERT: `its certificate is signed by an authority that is not trusted here: ${TRUST_IT}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `its certificate is signed by an authority that is not trusted here: ${TRUST_IT}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `it sends its certificate without that of its issuer: let it send the whole chain, or ${TRUST_IT}`,
  CERT_NOT_YET_VALID: "its certificate is not valid yet: see whether the clocks of both machines are right",
  INVALID_PURPOSE: "its certificate is not meant for servers: get one that is (extended key usage serverAuth)",
  CERT_REVOKED: "its certificate was revoked: get another",
};

/** Returns what is wrong with a certificate that a handshake refused; undefined where that was not the reason. */
export function refusedCertificate(error: unknown, nowMs: number): { reason: string; untilMs: number } | undefined {
  const { certificate, problem = "" } = handshakeProblem(error);
  if (certificate === undefined) return undefined;
  return { reason: refusalWords(certificate, problem, nowMs), untilMs: certificate.validTo.getTime() };
}

function refusalWords({ names, subject, validTo }: PeerCertificate, problem: string, nowMs: number): string {
  if (problem === "CERT_HAS_EXPIRED" || validTo.getTime() < nowMs)
    return `its certificate expired ${daysAgo(nowMs - validTo.getTime())}: renew it`;
  if (problem === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const whose = printable(names.replaceAll("DNS:", "").replaceAll("IP Address:", "") || subject);
    return `its certificate is for ${whose}, not for this target: name one of these in the target, or as tls.serverName`;
  }
  return PROBLEMS[problem] ?? `its certificate is not accepted (${printable(problem)}): ${TRUST_IT}`;
}

/** Returns why a certificate that was accepted needs attention; undefined where it lasts for `days` more. */
export function certificateProblem(untilMs: number | undefined, days: number, nowMs: number): string | undefined {
  if (untilMs === undefined) return undefined;
  const leftMs = untilMs - nowMs;
  if (leftMs < 0) return `its certificate expired ${daysAgo(-leftMs)}: renew it`;
  const left = Math.floor(leftMs / DAY_MS);
  return leftMs < days * DAY_MS ? `its certificate is over in ${left} ${left === 1 ? "day" : "days"}` : undefined;
}

function daysAgo(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  return days === 0 ? "today" : days === 1 ? "a day ago" : `${days} days ago`;
}
