import { fieldLine } from "../../wire/http1/mod.ts";

const lines = new Map<number, Uint8Array>();
/** Longer waits are told as this one. */
const MAX_SECONDS = 3600;

/** Returns the prepared `Retry-After` for a wait: whole seconds, at least one (RFC 9110 §10.2.3). */
export function retryAfter(waitMs: number): Uint8Array {
  const seconds = Math.min(MAX_SECONDS, Math.max(1, Math.ceil(waitMs / 1000)));
  let line = lines.get(seconds);
  if (line === undefined) {
    line = fieldLine("Retry-After", String(seconds));
    lines.set(seconds, line);
  }
  return line;
}
