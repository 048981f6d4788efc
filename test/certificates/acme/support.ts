import { expect } from "bun:test";
import { X509Certificate } from "node:crypto";
import { AcmeError, AcmeIssuer, type AcmeOptions } from "../../../src/certificates/acme/mod.ts";
import type { ChallengeResponses, IssuedCertificate } from "../../../src/certificates/mod.ts";

/** Waits that a test does not sit through. */
export const QUICK = { pollMs: 10, retryMs: 5 } as const;

/** An issuer for a test CA, whose waits are short. */
export function issuerFor(
  { directory, ca }: { directory: string; ca?: string },
  responses: ChallengeResponses,
  options: AcmeOptions = {},
): AcmeIssuer {
  const trust = ca === undefined ? {} : { ca };
  return new AcmeIssuer({ directory, ...trust, ...options, limits: { ...QUICK, ...options.limits } }, responses);
}

/** Issues within `withinMs`, and checks what can be served of it. */
export async function issue(
  issuer: AcmeIssuer,
  names: readonly string[],
  previous?: IssuedCertificate,
  withinMs = 20_000,
): Promise<IssuedCertificate> {
  const signal = AbortSignal.timeout(withinMs);
  const issued = await issuer.issue({ names, signal, ...(previous === undefined ? {} : { previous }) });
  const leaf = new X509Certificate(issued.cert);
  const expected = names.map((name) => (/^[\d.]+$/.test(name) ? `IP Address:${name}` : `DNS:${name}`)).sort();
  expect(leaf.subjectAltName?.split(", ").sort()).toEqual(expected);
  expect(issued.cert.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(1);
  expect(issued.key).toStartWith("-----BEGIN PRIVATE KEY-----");
  return issued;
}

/** The error of an issuance that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<AcmeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AcmeError);
  return error as AcmeError;
}

export function daysOf({ cert }: IssuedCertificate): number {
  const { validFrom, validTo } = new X509Certificate(cert);
  return (Date.parse(validTo) - Date.parse(validFrom)) / 86_400_000;
}
