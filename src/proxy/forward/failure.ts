import type { Exchange, TargetFailure } from "../../http/mod.ts";
import { fieldLine } from "../../wire/http1/mod.ts";

export const RETRY_AFTER = fieldLine("Retry-After", "5");
/** Failures that tell against the target; a full queue or a client that stalls does not. */
const TARGETS_FAULT: ReadonlySet<TargetFailure["reason"]> = new Set([
  "connect",
  "connect-timeout",
  "closed",
  "reset",
  "bad-response",
  "response-timeout",
]);

/** Whether a failure tells of the target's health. A kept connection that the target closed does not. */
export function isTargetsFault({ isReused, phase, reason }: TargetFailure): boolean {
  return !isReused && phase !== "in-response" && TARGETS_FAULT.has(reason);
}

/** Tells the client of a failure that ends its request. */
export function answerFailure(exchange: Exchange, { phase, reason, isTimeout }: TargetFailure): void {
  if (phase === "in-response") exchange.abort("aborted");
  else if (reason === "queue-full" || reason === "queue-timeout" || reason === "stopped")
    exchange.fail(503, "This service is busy.", RETRY_AFTER);
  else if (isTimeout) exchange.fail(504);
  else exchange.fail(502);
}
