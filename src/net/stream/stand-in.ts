import type { Handler } from "../types.ts";

/** The methods that a connection calls; a stand-in has those that its former handler has, and its own. */
const METHODS = ["chunk", "frame", "isSending", "drain", "end", "shutdown", "close"] as const;

/**
 * A handler that does everything as `former` does, but for `own`. Not a copy of its methods: they are called on `former`,
 * which may be of a class with private fields.
 */
export function standIn(former: Handler, own: Handler): Handler {
  const result: Handler = { readsWhileFull: former.readsWhileFull ?? false, ...own };
  if (former.framing !== undefined) result.framing = former.framing;
  for (const name of METHODS) {
    if (former[name] === undefined || own[name] !== undefined) continue;
    (result as Record<string, unknown>)[name] = (...given: unknown[]) =>
      (former[name] as (...given: unknown[]) => unknown).apply(former, given);
  }
  return result;
}
