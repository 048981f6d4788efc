import type { RenewalWindow } from "../issuer.ts";
import { HOUR_MS, renewalMs } from "../local/mod.ts";
import type { CertificateInfo } from "../x509/mod.ts";

/** How often certificates are looked at. Not a timer for each: a clock that jumps must be noticed. */
export const CHECK_MS = 30_000;
/** Wall clock and elapsed time that differ by more between two looks: the clock was set. */
export const JUMP_MS = 60_000;
/** A clock that was not set for this long is believed when it says that a certificate is not valid yet. */
export const STEADY_MS = 10 * 60_000;
export const DEFAULT_RETRY_MS = 60_000;
const MAX_RETRY_MS = 6 * HOUR_MS;
/** A CA's `Retry-After` is obeyed up to this. */
const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;
const WINDOW_POLL_MS = 6 * HOUR_MS;

/** The wait after a failure: doubled after each, ± a fifth, and at least what the CA asked for. @param failures in a row, from 1 */
export function retryDelayMs(failures: number, firstMs: number, retryAfterMs: number, chance: number): number {
  const doubled = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), MAX_RETRY_MS);
  return Math.max(doubled * (0.8 + 0.4 * chance), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}

/**
 * When to renew: at a moment in the CA's window, else when a third of the life is left, earlier by up to a thirtieth of it, so that
 * certificates of one day are not all renewed in one minute.
 *
 * @param chance from 0 to 1, drawn once for each certificate
 */
export function renewalTimeMs(info: CertificateInfo, window: RenewalWindow | undefined, chance: number): number {
  if (window !== undefined) return window.startMs + chance * Math.max(0, window.endMs - window.startMs);
  return renewalMs(info) - (chance * (info.notAfterMs - info.notBeforeMs)) / 30;
}

/** How long to wait before the CA is asked for its window again. */
export function windowPollMs(window: RenewalWindow | undefined, chance: number): number {
  const askedMs = window?.retryAfterMs ?? WINDOW_POLL_MS;
  return Math.min(Math.max(askedMs, 60_000), MAX_RETRY_AFTER_MS) * (1 + chance / 10);
}

/** Notices that the wall clock was set, by comparing it with one that cannot be. */
export class JumpDetector {
  #offsetMs: number;
  #steadySinceMs: number;

  constructor(nowMs: number, elapsedMs: number) {
    this.#offsetMs = nowMs - elapsedMs;
    this.#steadySinceMs = elapsedMs;
  }

  /** @returns whether it was set since the last call */
  look(nowMs: number, elapsedMs: number): boolean {
    const offsetMs = nowMs - elapsedMs;
    const hasJumped = Math.abs(offsetMs - this.#offsetMs) > JUMP_MS;
    this.#offsetMs = offsetMs;
    if (hasJumped) this.#steadySinceMs = elapsedMs;
    return hasJumped;
  }

  isSteady(elapsedMs: number): boolean {
    return elapsedMs - this.#steadySinceMs >= STEADY_MS;
  }
}
