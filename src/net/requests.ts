import type { LoopChange } from "./change.ts";
import type { ConnectionQuery } from "./connection-page.ts";
import type { Limits } from "./types.ts";

/** A request of a server to each of its event loops; each answers with plain data. */
export type WorkerRequest =
  | { readonly what: "connections"; readonly most: number }
  | { readonly what: "find"; readonly query: ConnectionQuery }
  | { readonly what: "close"; readonly id: number }
  | { readonly what: "reports" }
  | { readonly what: "pause" }
  | { readonly what: "resume" }
  | { readonly what: "handed-on" }
  | { readonly what: "registered"; readonly name: string }
  | { readonly what: "prepare"; readonly id: number; readonly change: LoopChange }
  | { readonly what: "commit"; readonly id: number }
  | { readonly what: "drop"; readonly id: number };

/** A message of a server to its event loops that has no answer. */
export type WorkerMessage =
  | { readonly kind: "limits"; readonly limits: Limits }
  | { readonly kind: "publish"; readonly topic: string; readonly message: Uint8Array };

const registry = new Map<string, () => unknown>();

/**
 * Gives every server of the process something to gather from each of its event loops by `server.request(name)`: called in a
 * handler's module it is registered on each worker. The value must survive structured cloning; a second one of a name replaces
 * the first.
 */
export function register(name: string, value: () => unknown): void {
  registry.set(name, value);
}

export function registered(name: string): unknown {
  return registry.get(name)?.();
}
