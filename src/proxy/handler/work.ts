import type { LoggedRequest } from "../access-log/mod.ts";
import type { Forward } from "../forward/mod.ts";
import type { GuardNotes, HeldRequest } from "../guard/mod.ts";
import type { Answering, Route } from "./route.ts";

/** What a request is doing: kept in `exchange.data`. */
export interface Work extends GuardNotes {
  /** Undefined for the machine's own site, and where no service was found. */
  route: Route | undefined;
  /** Length of the service's path, as it matched. */
  prefixBytes: number;
  /** The value of `Host` or `:authority`; empty without one. */
  authority: Uint8Array;
  /** While its guard takes time. */
  held: HeldRequest | undefined;
  forward: Forward | undefined;
  /** An answer of our own that takes longer than a turn. */
  answering: Answering | undefined;
  /** Who logged in. */
  user: string | undefined;
  /** What the access log keeps of it; undefined without one. */
  logged: LoggedRequest | undefined;
  /** Where it is counted. */
  slot: number;
  readonly method: number;
}

const NO_BYTES = new Uint8Array(0);

export function newWork(method: number): Work {
  return {
    route: undefined,
    prefixBytes: 0,
    authority: NO_BYTES,
    held: undefined,
    forward: undefined,
    answering: undefined,
    rejection: undefined,
    user: undefined,
    logged: undefined,
    slot: 0,
    method,
  };
}
