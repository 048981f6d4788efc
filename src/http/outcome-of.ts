import type { CloseReason } from "../net/mod.ts";
import type { Outcome } from "./exchange.ts";

const OUTCOMES: Partial<Record<CloseReason, Outcome>> = {
  stalled: "client-stalled",
  "write-queue-full": "client-stalled",
  idle: "client-stalled",
  "body-timeout": "client-stalled",
  shutdown: "shutdown",
  "handler-error": "failed",
  handler: "aborted",
};

/** Returns how an exchange ended whose connection did. */
export function outcomeOf(reason: CloseReason): Outcome {
  return OUTCOMES[reason] ?? "client-gone";
}

const CLOSE_REASONS: Partial<Record<Outcome, CloseReason>> = {
  "client-gone": "peer",
  "client-stalled": "body-timeout",
  "bad-body": "bad-request",
  failed: "handler-error",
  shutdown: "shutdown",
};

/** Returns why a connection ends with an exchange that ended so. */
export function closeReasonOf(outcome: Outcome): CloseReason {
  return CLOSE_REASONS[outcome] ?? "handler";
}

/** Returns whether both sides of a tunnel finished, so that nothing is missing. */
export function isOrderly(reason: CloseReason): boolean {
  return reason === "handler" || reason === "peer";
}
