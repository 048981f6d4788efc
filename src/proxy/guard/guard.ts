import { addressRanges } from "../../net/mod.ts";
import type { HttpService } from "../../part/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import type { Caller } from "../forward/mod.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { type GuardedExchange, Rejecter } from "./rejections.ts";
import { retryAfter } from "./retry-after.ts";
import { ANYBODY, type Verdict } from "./verdict.ts";

type GuardSettings = Pick<HttpService, "allow" | "rate">;

/**
 * Decides whether a request of one service may go on, on one event loop.
 *
 * ```text
 *   allow ─► rate ─► go on
 *     403     429
 * ```
 */
export class Guard {
  readonly #settings: GuardSettings;
  readonly #isAllowed: ((address: string) => boolean) | undefined;
  readonly #rate: RateLimiter | undefined;
  readonly #rejecter: Rejecter;

  /** @param former the one in force, whose counts stay where its settings do @throws {TenkError} `invalid-option` */
  private constructor(service: string, settings: GuardSettings, former: Guard | undefined) {
    const { allow, rate } = settings;
    this.#settings = settings;
    this.#isAllowed = allow && addressRanges(allow);
    if (rate.perSecond > 0) {
      const kept = former && isSame(former.#settings.rate, rate) ? former.#rate : undefined;
      this.#rate = kept ?? new RateLimiter(rate.perSecond, Math.max(1, rate.burst));
    }
    this.#rejecter = new Rejecter(service);
  }

  /** Returns the guard of a service; undefined where everybody may use it as they like. @throws {TenkError} `invalid-option` */
  static of(service: string, settings: GuardSettings, former: Guard | undefined): Guard | undefined {
    const isNeeded = settings.allow !== undefined || settings.rate.perSecond > 0;
    return isNeeded ? new Guard(service, settings, former) : undefined;
  }

  /** @param head in `bytes`; both are borrowed @returns undefined where the request has its answer */
  check(exchange: GuardedExchange, _head: Head, _bytes: Uint8Array, caller: Caller): Verdict {
    if (!this.#allows(caller)) {
      this.#rejecter.answer(exchange, caller, "not-allowed", 403);
      return undefined;
    }
    const waitMs = this.#rate?.take(caller.key, performance.now()) ?? 0;
    if (waitMs > 0) {
      this.#rejecter.answer(exchange, caller, "rate", 429, retryAfter(waitMs));
      return undefined;
    }
    return ANYBODY;
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
