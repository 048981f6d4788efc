import type { Handler } from "../types.ts";

/** The methods that a connection calls; a delegate has those of the handler that it stands for, and its own. */
const METHODS = ["chunk", "frame", "isSending", "drain", "expired", "end", "shutdown", "close"] as const;

/**
 * Returns a handler that passes every call on to `former`, except what `own` has. The methods are called on `former` and not
 * copied, since it may be an instance of a class with private fields.
 */
export function delegate(former: Handler, own: Handler): Handler {
  const { readsWhileFull = false, readsAfterReset = false } = former;
  const result: Handler = { readsWhileFull, readsAfterReset, ...own };
  if (former.framing !== undefined) result.framing = former.framing;
  for (const name of METHODS) {
    if (former[name] === undefined || own[name] !== undefined) continue;
    (result as Record<string, unknown>)[name] = (...given: unknown[]) =>
      (former[name] as (...given: unknown[]) => unknown).apply(former, given);
  }
  return result;
}
