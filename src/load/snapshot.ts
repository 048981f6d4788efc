/** Where a run is: connections open, the sending phase, the wait for last answers, the end. */
export type Phase = "connect" | "send" | "drain" | "done";

/** What HTTP and DNS add to a snapshot. */
export interface ProtocolProgress {
  readonly kind: "http" | "dns";
  readonly model: "closed" | "open";
  /** Requests, or queries, without a complete, valid answer. */
  readonly errors: number;
  /** Answers whose status, response code or content is not as expected. */
  readonly wrong: number;
}

/** How a run stands, four times a second: all that a live view shows. */
export interface LoadSnapshot {
  /** Since the run began, connecting included. */
  readonly elapsedMs: number;
  readonly phase: Phase;
  /** The whole run as planned: opening the connections, then sending. Infinity where it has no end. */
  readonly durationMs: number;
  readonly connections: {
    readonly wanted: number;
    readonly open: number;
    readonly opened: number;
    readonly failed: number;
    readonly lost: number;
  };
  readonly messages: {
    readonly planned: number;
    readonly sent: number;
    readonly late: number;
    readonly dropped: number;
    /** What came back: answers where they are told apart, else bytes divided by the message's length. */
    readonly received: number;
    /** Sent, and not answered so far; 0 where answers are not told apart. */
    readonly unanswered: number;
    /** Answers that no message had asked for; part of `received`. */
    readonly unexpected: number;
    /** Answers are told apart, and timed. */
    readonly answersTold: boolean;
    /** Over the last second. */
    readonly perSecondSent: number;
    readonly perSecondReceived: number;
  };
  readonly bytes: {
    readonly sent: number;
    readonly received: number;
    readonly perSecondSent: number;
    readonly perSecondReceived: number;
  };
  /**
   * Of all messages so far, from their planned moments: of those that were answered and, as what they have waited at least,
   * of those that should have been by now.
   */
  readonly latencyUs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
    /** How many lay from 2^(i-1) to 2^i µs. Add neighbours for a coarser histogram. */
    readonly buckets: readonly number[];
  };
  /** Over about the last whole second; all 0 where nothing was measured in it. */
  readonly lastSecondUs: {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
    /** From the planned moment to the moment it was sent; measured while nothing was answered. */
    readonly delayP99: number;
    readonly delayMax: number;
  };
  /** What only this protocol has; left out for `tcp` and `ws`. */
  readonly protocol?: ProtocolProgress;
  readonly generator: {
    /** Of one core, over the last quarter second. */
    readonly cpuPercent: number;
    readonly loopLagP99Us: number;
    readonly rssBytes: number;
    /** Messages that are due and not sent yet. */
    readonly debtMessages: number;
  };
}
