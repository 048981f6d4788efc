import type { HttpCounts } from "./counts.ts";
import type { RequestSource } from "./requests/mod.ts";
import type { RunningScript } from "./script/mod.ts";

/** What the connections of one event loop share, whatever the version of HTTP. */
export interface OfLoop {
  readonly counts: HttpCounts;
  readonly requests: RequestSource;
  /** Sees each answer. */
  readonly observer: RunningScript | undefined;
}
