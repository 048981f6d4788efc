import type { HandedState } from "./freeze.ts";

/** The variable that tells a process that it is to replace another one: which sockets it was started with (`HandedOn`). */
export const UPGRADE_VARIABLE = "TENK_UPGRADE";
/** The first of them, behind standard input, output and error. */
export const FIRST_DESCRIPTOR = 3;

/** What the new process says, in this order; `failed` at any time. Versions of tenk differ on both ends: fields are only added. */
export type FromSuccessor =
  /** Everything listens, nothing is accepted. */
  | { readonly kind: "ready"; readonly version: string }
  /** It accepts, and is healthy. */
  | { readonly kind: "serving" }
  | { readonly kind: "failed"; readonly reason: string };

/** What the old process says: it has stopped accepting, and the data folder is the other's. */
export interface Go {
  readonly kind: "go";
  readonly state: HandedState;
  /** When the upgrade began. ms since 1970 */
  readonly startedAtMs: number;
}
