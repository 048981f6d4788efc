import type { ChallengeResponses } from "../../issuer.ts";
import type { Proof, Solver, Withdraw } from "./proof.ts";

/** HTTP-01 (RFC 8555 §8.3): the CA fetches a file from port 80. */
export class HttpSolver implements Solver {
  readonly kind = "http-01";
  readonly #responses: ChallengeResponses;

  constructor(responses: ChallengeResponses) {
    this.#responses = responses;
  }

  canProve(_: unknown, isWildcard: boolean): boolean {
    return !isWildcard;
  }

  present({ token, keyAuthorization }: Proof): Promise<Withdraw> {
    return this.#responses.serveHttp(token, keyAuthorization);
  }
}
