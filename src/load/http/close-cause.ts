import { systemCodeOf } from "../../base/mod.ts";
import type { CloseReason } from "../../net/mod.ts";

/**
 * Returns how a connection ended, as the report says it.
 *
 * @example
 * closeCause("peer", undefined); // "closed"
 * closeCause("reset", undefined); // "reset"
 */
export function closeCause(reason: CloseReason, cause: Error | undefined): string {
  if (reason === "peer") return "closed";
  if (reason !== "system" || cause === undefined) return reason;
  const code = systemCodeOf(cause) ?? reason;
  // An alert, or a record that cannot be read: "error:1000008b:SSL routines:OPENSSL_internal:BAD_RECORD".
  return code === "EPROTO" ? `TLS ${/:([A-Z0-9_]+)$/.exec(cause.message)?.[1] ?? "error"}` : code;
}
