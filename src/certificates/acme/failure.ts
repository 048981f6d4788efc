import { AcmeError, type AcmeStep } from "./error.ts";
import { type Problem, problemOf } from "./problem.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { CaAnswer } from "./transport.ts";

/** Makes an error of an answer that is no success. */
export function failureOf(step: AcmeStep, subject: string, { status, headers, text }: CaAnswer): AcmeError {
  const problem = problemIn(headers.get("content-type") ?? "", text);
  const retryAfter = headers.get("retry-after");
  // Without a Retry-After, asking again soon would only add to what is too much already.
  const isTransient = status >= 500 || (status === 429 && retryAfter !== null);
  const askedMs = retryAfterMs(retryAfter, Date.now());
  return new AcmeError(step, subject, `HTTP status ${status}`, { problem, status, retryAfterMs: askedMs, isTransient });
}

function problemIn(type: string, text: string): Problem | undefined {
  if (!type.includes("json")) return undefined;
  try {
    return problemOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
