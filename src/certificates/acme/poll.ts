import { formatDuration } from "../../base/mod.ts";
import type { AcmeClient } from "./client.ts";
import { AcmeError, type AcmeErrorOptions, type AcmeStep } from "./error.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { CaAnswer } from "./transport.ts";

/** A state at the CA that is waited for. */
export interface Awaited<T> {
  step: AcmeStep;
  subject: string;
  url: string;
  totalMs: number;
  read(answer: CaAnswer): T;
  isDone(state: T): boolean;
  /** Says how it stands, when the time is up. */
  describe(state: T): string;
  error?: AcmeErrorOptions;
  signal: AbortSignal;
}

/**
 * Reads `url` until its state is done. Waits grow by half, and are longer where the CA asks for it.
 *
 * @param first an answer that has the state already
 * @throws {AcmeError} when it is not done within `totalMs`, or cannot be read
 */
export async function poll<T>(client: AcmeClient, awaited: Awaited<T>, first?: CaAnswer): Promise<T> {
  const { step, subject, url, totalMs, signal } = awaited;
  const { pollMs, maxPollMs, maxRetryAfterMs } = client.limits;
  const startMs = performance.now();
  let answer = first;
  for (let ownMs = pollMs; ; ownMs = Math.min(ownMs * 1.5, maxPollMs)) {
    answer ??= await client.post(step, url, undefined, { signal, subject });
    const state = awaited.read(answer);
    if (awaited.isDone(state)) return state;
    const askedMs = Math.min(retryAfterMs(answer.headers.get("retry-after"), Date.now()), maxRetryAfterMs);
    const waitMs = Math.max(ownMs, askedMs);
    if (performance.now() - startMs + waitMs > totalMs) {
      const what = `${awaited.describe(state)} after ${formatDuration(totalMs)}`;
      throw new AcmeError(step, subject, what, { ...awaited.error, isTransient: true, fix: STUCK });
    }
    await client.wait(step, subject, waitMs, signal);
    answer = undefined;
  }
}

const STUCK = "the CA is slow or stuck: tenk tries again; its status page may say more";
