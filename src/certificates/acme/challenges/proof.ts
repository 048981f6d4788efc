import { createHash } from "node:crypto";
import type { Identifier } from "../identifiers.ts";

/** The ways to prove a name that tenk has, by their names in RFC 8555 §8 and RFC 8737. */
export const CHALLENGE_KINDS = ["dns-01", "http-01", "tls-alpn-01"] as const;
export type ChallengeKind = (typeof CHALLENGE_KINDS)[number];

/** What a CA looks for to believe that a name is ours. */
export interface Proof {
  readonly identifier: Identifier;
  readonly token: string;
  /** `token.thumbprint` (RFC 8555 §8.1). */
  readonly keyAuthorization: string;
}

/** Takes a proof away again. */
export type Withdraw = () => void | Promise<void>;

/** Puts proofs where a CA looks for them. */
export interface Solver {
  readonly kind: ChallengeKind;
  /** Whether this kind can prove it: no file proves a wildcard, no TXT record an address. */
  canProve(identifier: Identifier, isWildcard: boolean): boolean;
  /** Resolves when a CA can see it. @throws when it cannot be put there: nothing of it is left */
  present(proof: Proof, signal: AbortSignal): Promise<Withdraw>;
  /** Called once after all of an order's proofs are presented: waits until others see them. */
  settle?(signal: AbortSignal): Promise<void>;
}

/** SHA-256 of the key authorization: what DNS-01 and TLS-ALPN-01 show. */
export function proofDigest({ keyAuthorization }: Proof): Buffer {
  return createHash("sha256").update(keyAuthorization).digest();
}
