/** Something that happened at a moment, as charts mark it: a start, a reload, a load test, a service that went down. */
export interface Mark {
  /** ms since 1970. */
  readonly atMs: number;
  /** The end of what lasted. ms since 1970 */
  readonly untilMs?: number;
  /** `state`: a service changed its state. */
  readonly kind: "start" | "stop" | "reload" | "upgrade" | "run" | "state";
  /** `tenk 0.2.0 started`, `git is down: connection refused`. */
  readonly text: string;
  /** The id of a load test. */
  readonly run?: string;
}
