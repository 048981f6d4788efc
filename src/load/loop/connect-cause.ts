import { messageOf, systemCodeOf, TenkError } from "../../base/mod.ts";

/** Returns the phase that a connect of `net/` failed in, and why: failures are counted by it. */
export function connectCause(error: unknown): string {
  if (!(error instanceof TenkError)) return `connect ${systemCodeOf(error) ?? "failed"}`;
  const { cause, code } = error as { cause?: { phase?: string; explanation?: string }; code: string };
  // A handshake has no errno; its messages are few enough to count by.
  if (code === "tls-failed") return `TLS handshake failed: ${messageOf(cause)}`;
  if (cause?.phase === "tls") return messageOf(cause);
  const system = systemCodeOf(cause) ?? code;
  return cause?.explanation === undefined || cause.phase !== undefined
    ? `connect ${system}`
    : `connect ${system}: ${cause.explanation}`;
}
