import type { ChallengeResponses } from "../../issuer.ts";
import { serverNameOf } from "../identifiers.ts";
import { challengeCertificate } from "../x509.ts";
import { type Proof, proofDigest, type Solver, type Withdraw } from "./proof.ts";

/** TLS-ALPN-01 (RFC 8737): the CA opens TLS to port 443 with `acme-tls/1`, and reads the certificate. */
export class TlsAlpnSolver implements Solver {
  readonly kind = "tls-alpn-01";
  readonly #responses: ChallengeResponses;

  constructor(responses: ChallengeResponses) {
    this.#responses = responses;
  }

  canProve(_: unknown, isWildcard: boolean): boolean {
    return !isWildcard;
  }

  async present(proof: Proof): Promise<Withdraw> {
    const certificate = await challengeCertificate(proof.identifier, proofDigest(proof));
    return this.#responses.serveTls(serverNameOf(proof.identifier), certificate);
  }
}
