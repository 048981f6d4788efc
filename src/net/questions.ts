import type { LoopChange } from "./change.ts";
import type { ConnectionQuery } from "./connection-page.ts";
import type { Limits } from "./types.ts";

/** What a server asks each of its event loops; each answers with plain data. */
export type Question =
  | { readonly what: "connections"; readonly most: number }
  | { readonly what: "find"; readonly query: ConnectionQuery }
  | { readonly what: "close"; readonly id: number }
  | { readonly what: "reports" }
  | { readonly what: "provided"; readonly name: string }
  | { readonly what: "prepare"; readonly id: number; readonly change: LoopChange }
  | { readonly what: "commit"; readonly id: number }
  | { readonly what: "drop"; readonly id: number };

/** What a server tells its event loops without waiting for an answer. */
export type LoopMessage =
  | { readonly kind: "limits"; readonly limits: Limits }
  | { readonly kind: "publish"; readonly topic: string; readonly message: Uint8Array };

const providers = new Map<string, () => unknown>();

/**
 * Gives every server of the process something to gather from each of its event loops by `server.ask(name)`: called in a
 * handler's module it is provided on each worker. The value must survive structured cloning; a second one of a name replaces
 * the first.
 */
export function provide(name: string, value: () => unknown): void {
  providers.set(name, value);
}

export function provided(name: string): unknown {
  return providers.get(name)?.();
}
