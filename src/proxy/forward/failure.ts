import type { Exchange, TargetFailure } from "../../http/mod.ts";
import { fieldLine } from "../../wire/http1/mod.ts";

export const RETRY_AFTER = fieldLine("Retry-After", "5");
/** Failures that tell against the target; a full queue or a client that stalls does not. */
const TARGETS_FAULT: ReadonlySet<TargetFailure["reason"]> = new Set([
  "connect",
  "connect-timeout",
  "not-http2",
  "closed",
  "reset",
  "bad-response",
  "response-timeout",
]);

/** Whether a failure tells of the target's health. A kept connection that the target closed does not, nor does a GOAWAY. */
export function isTargetsFault({ isReused, isUnprocessed, phase, reason }: TargetFailure): boolean {
  return !isReused && !isUnprocessed && phase !== "in-response" && TARGETS_FAULT.has(reason);
}

/**
 * Returns whether a request may be sent again: nothing of it was processed, or processing it twice does no harm (RFC 9110 §9.2.2).
 *
 * @param isHarmless it is idempotent and has no content
 */
export function mayBeRepeated(failure: TargetFailure, isHarmless: boolean): boolean {
  const { phase, isReused, isUnprocessed, isTimeout } = failure;
  if (phase !== "before-response") return phase === "connect";
  return isUnprocessed || (isHarmless && (isReused || !isTimeout));
}

/** Tells the client of a failure that ends its request. */
export function answerFailure(exchange: Exchange, { phase, reason, isTimeout }: TargetFailure): void {
  if (phase === "in-response") exchange.abort("aborted");
  else if (reason === "queue-full" || reason === "queue-timeout" || reason === "stopped")
    exchange.fail(503, "This service is busy.", RETRY_AFTER);
  else if (isTimeout) exchange.fail(504);
  else exchange.fail(502);
}
