import type { ChallengeResponses, IssuedCertificate } from "../issuer.ts";
import { IssueError } from "../issuer.ts";

/** One order has at most a response for each of its names; far fewer are outstanding at one time. */
const MAX_RESPONSES = 1000;
/** RFC 8555 §8.1: characters of base64url. CAs use 43. */
const TOKEN = /^[\w-]{1,256}$/;

/** The responses to challenges that listeners serve now. */
export class Challenges implements ChallengeResponses {
  readonly tls = new Map<string, IssuedCertificate>();
  readonly http = new Map<string, string>();
  readonly #served: () => Promise<unknown>;

  /** @param served has every listener serve what is in the maps */
  constructor(served: () => Promise<unknown>) {
    this.#served = served;
  }

  serveTls(name: string, certificate: IssuedCertificate): Promise<() => void> {
    return this.#serve(this.tls, name, certificate);
  }

  serveHttp(token: string, keyAuthorization: string): Promise<() => void> {
    if (!TOKEN.test(token)) throw new IssueError("http-01 challenge", "The CA's token is not of base64url");
    return this.#serve(this.http, token, keyAuthorization);
  }

  async #serve<Response>(map: Map<string, Response>, key: string, response: Response): Promise<() => void> {
    if (map.size >= MAX_RESPONSES) throw new IssueError("challenge", "Too many challenges are outstanding");
    map.set(key, response);
    await this.#served();
    return () => {
      // A later response to the same challenge stays.
      if (map.get(key) !== response) return;
      map.delete(key);
      void this.#served();
    };
  }
}
