import { addressRanges } from "../../net/mod.ts";
import type { HttpService } from "../../part/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import type { Caller, HeadPool } from "../forward/mod.ts";
import { BasicAuth } from "./basic-auth.ts";
import { ForwardAuth } from "./forward-auth.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { type GuardedExchange, Rejecter } from "./rejections.ts";
import { retryAfter } from "./retry-after.ts";
import { ANYBODY, type Verdict } from "./verdict.ts";

type GuardSettings = Pick<HttpService, "allow" | "rate" | "auth" | "headers">;

/**
 * Decides whether a request of one service may go on, on one event loop.
 *
 * ```text
 *   allow ─► rate ─► basic auth: users ───────────────────────► go on
 *     403     429    401, 429   or forward auth: another server
 *                                its answer, 502
 * ```
 */
export class Guard {
  readonly #settings: GuardSettings;
  readonly #heads: HeadPool;
  readonly #isAllowed: ((address: string) => boolean) | undefined;
  readonly #rate: RateLimiter | undefined;
  readonly #auth: BasicAuth | ForwardAuth | undefined;
  readonly #rejecter: Rejecter;

  /** @param former the one in force, whose counts stay where its settings do @throws {TenkError} `invalid-option` */
  private constructor(service: string, settings: GuardSettings, heads: HeadPool, former: Guard | undefined) {
    const { allow, rate } = settings;
    this.#settings = settings;
    this.#heads = heads;
    this.#isAllowed = allow && addressRanges(allow);
    if (rate.perSecond > 0) {
      const kept = former && isSame(former.#settings.rate, rate) ? former.#rate : undefined;
      this.#rate = kept ?? new RateLimiter(rate.perSecond, Math.max(1, rate.burst));
    }
    this.#rejecter = new Rejecter(service);
    this.#auth = this.#authOf(settings, heads, former);
  }

  /** Returns the guard of a service; undefined where everybody may use it as they like. @throws {TenkError} `invalid-option` */
  static of(service: string, settings: GuardSettings, heads: HeadPool, former: Guard | undefined): Guard | undefined {
    const { allow, rate, auth } = settings;
    const isNeeded = allow !== undefined || rate.perSecond > 0 || auth !== undefined;
    return isNeeded ? new Guard(service, settings, heads, former) : undefined;
  }

  /**
   * @param head in `bytes`; both are borrowed
   * @param aboutClient prepared lines
   * @returns undefined where the request has its answer
   */
  check(exchange: GuardedExchange, head: Head, bytes: Uint8Array, caller: Caller, aboutClient: Uint8Array): Verdict {
    if (!this.#allows(caller)) {
      this.#rejecter.answer(exchange, caller, "not-allowed", 403);
      return undefined;
    }
    const waitMs = this.#rate?.take(caller.key, performance.now()) ?? 0;
    if (waitMs > 0) {
      this.#rejecter.answer(exchange, caller, "rate", 429, retryAfter(waitMs));
      return undefined;
    }
    return this.#auth === undefined ? ANYBODY : this.#auth.check(exchange, head, bytes, caller, aboutClient);
  }

  /** Ends what is kept for later requests. @param next the guard that goes on */
  stop(next?: Guard): void {
    if (this.#auth instanceof ForwardAuth && (next === undefined || next.#auth !== this.#auth)) this.#auth.stop();
  }

  #authOf(
    { auth, headers }: GuardSettings,
    heads: HeadPool,
    former: Guard | undefined,
  ): BasicAuth | ForwardAuth | undefined {
    if (auth === undefined) return undefined;
    const { remove, set } = headers.request;
    const edited = new Set([...remove, ...set.map(([name]) => name)].map((name) => name.toLowerCase()));
    const before = former === undefined ? undefined : former.#auth;
    const isKept = former !== undefined && former.#heads === heads && isSame(former.#authSettings, this.#authSettings);
    if (before !== undefined && isKept) return before;
    // What the configuration says of a field goes before what a login says.
    const passes = (name: string) => !edited.has(name.toLowerCase());
    if (auth.type === "forward") return new ForwardAuth(auth, auth.copyHeaders.filter(passes), this.#rejecter, heads);
    return new BasicAuth(auth, this.#rejecter, passes("Remote-User"), before instanceof BasicAuth ? before : undefined);
  }

  get #authSettings(): unknown {
    const {
      auth,
      headers: { request },
    } = this.#settings;
    return [auth, request.remove, request.set];
  }

  #allows(caller: Caller): boolean {
    if (this.#isAllowed === undefined) return true;
    if (caller.list !== this.#isAllowed) {
      caller.list = this.#isAllowed;
      caller.isListed = this.#isAllowed(caller.address);
    }
    return caller.isListed;
  }
}

function isSame(some: unknown, other: unknown): boolean {
  return JSON.stringify(some) === JSON.stringify(other);
}
