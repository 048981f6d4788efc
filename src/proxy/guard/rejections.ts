import { logOf, occasionallyEach } from "../../base/mod.ts";
import type { Exchange } from "../../http/mod.ts";
import type { Caller } from "../forward/mod.ts";

const log = logOf("proxy");

/** Why a guard let a request not go on. A closed set: it is a metric label. */
export const REJECTIONS = [
  "not-allowed", // the address is not in `allow`: 403
  "rate", // more requests from the address than `limits.requestsPerSecond`: 429
  "no-credentials", // basic auth, and none were sent, as browsers do at first: 401
  "wrong-credentials", // 401
  "locked-out", // too many wrong credentials from the address: 429
  "auth-busy", // more requests wait for a decision than may: 503
  "auth-denied", // the server that `auth.forward` names said no; the client has its answer
  "auth-failed", // that server gave no answer: 502, 503, 504
] as const;

export type Rejection = (typeof REJECTIONS)[number];

/** What a guard notes of a request, in `exchange.data`. */
export interface GuardNotes {
  rejection: Rejection | undefined;
}

export type GuardedExchange = Exchange<GuardNotes>;

/** Rejects requests of one service: notes why, for the counts, and logs at a bounded rate. */
export class Rejecter {
  readonly #log: (reason: Rejection, address: string) => void;

  constructor(service: string) {
    this.#log = occasionallyEach((reason, count, address) =>
      log.warn("request rejected", { service, reason, count, address }),
    );
  }

  /** @param lines prepared fields of the answer */
  answer(exchange: GuardedExchange, caller: Caller, reason: Rejection, status: number, lines?: Uint8Array): void {
    this.note(exchange, caller, reason);
    exchange.fail(status, undefined, lines);
  }

  /** Notes a rejection that is answered by others. */
  note(exchange: GuardedExchange, { address }: Caller, reason: Rejection): void {
    exchange.data.rejection = reason;
    // Each browser sends its first request without credentials.
    if (reason !== "no-credentials") this.#log(reason, address);
  }
}
