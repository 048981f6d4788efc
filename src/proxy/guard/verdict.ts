/** A request may go on. One object for all requests that go on alike. */
export interface Grant {
  /** Prepared fields that the target gets. The client's own of these names are never passed on. */
  readonly lines: readonly Uint8Array[];
  /** Who it is, for the access log. */
  readonly user: string | undefined;
}

/** Of services that ask nobody who they are. */
export const ANYBODY: Grant = { lines: [], user: undefined };

/** What becomes of a request whose guard needs time. */
export interface WaitOwner {
  granted(grant: Grant): void;
  /** The guard has answered, or is passing an answer on. */
  rejected(): void;
}

/** A decision that takes its time: exactly one method of its owner will be called, unless the exchange is over before. */
export interface Wait {
  /** Set in the turn in which the wait was made. */
  owner: WaitOwner | undefined;
  /** The client takes more of the answer. */
  drained(): void;
  /** The exchange is over. */
  finished(): void;
}

/** Undefined: it is rejected, and has its answer. */
export type Verdict = Grant | Wait | undefined;
