import type { Forward } from "../forward/mod.ts";
import type { Answering, Route } from "./route.ts";

/** What a request is doing: kept in `exchange.data`. */
export interface Work {
  /** Undefined for the machine's own site, and where no service was found. */
  route: Route | undefined;
  forward: Forward | undefined;
  /** An answer of our own that takes longer than a turn. */
  answering: Answering | undefined;
  /** Where it is counted. */
  slot: number;
  readonly method: number;
}
