import { TenkError } from "../../base/mod.ts";
import { type BackoffSettings, backoffMs, backoffSettings } from "./backoff.ts";
import { causeOf, connectError, mayPass } from "./connect-error.ts";
import type { RetryOptions } from "./options.ts";

export interface RetrySettings extends BackoffSettings {
  readonly attempts: number;
}

/** @throws {TenkError} `invalid-option` */
export function retrySettings(given: RetryOptions): RetrySettings {
  const { attempts } = given;
  if (!(attempts >= 1) || (Number.isFinite(attempts) && !Number.isInteger(attempts))) {
    throw new TenkError(
      "invalid-option",
      `Cannot use retry.attempts as it must be a whole number ≥ 1: current value is ${attempts}`,
    );
  }
  return { attempts, ...backoffSettings("retry", given) };
}

/**
 * Connects until it succeeds, fails for a reason that stays, or the attempts are used up.
 *
 * @param at the target, for people
 * @throws {TenkError} the last attempt's; `connect-aborted` when the signal ends a wait
 */
export async function retried<Result>(
  connect: () => Promise<Result>,
  settings: RetrySettings,
  at: string,
  signal: AbortSignal | undefined,
  random: () => number = Math.random,
): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await connect();
    } catch (error) {
      if (!mayPass(error)) throw error;
      if (failures >= settings.attempts) throw failures === 1 ? error : afterAll(error as TenkError, failures);
      await passed(backoffMs(failures, settings, random), signal);
      if (signal?.aborted) throw connectError(at, causeOf("ECANCELED", "cancelled"));
    }
  }
}

function afterAll({ code, message, cause, hint }: TenkError, attempts: number): TenkError {
  const why = hint === undefined ? { cause } : { cause, hint };
  return new TenkError(code, `${message}, after ${attempts} attempts`, why);
}

/** Resolves after so long, or at once when the signal says so. */
function passed(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, waitMs);
    if (signal?.aborted) over();
    else signal?.addEventListener("abort", over);
  });
}
