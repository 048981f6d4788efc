import { FAILURE_REASONS, type FailureReason, type TargetCounts } from "./types.ts";

/** What a target did since it was made. */
export class TargetTotals {
  requests = 0;
  answered = 0;
  aborted = 0;
  reused = 0;
  dialled = 0;
  dialsFailed = 0;
  unsolicited = 0;
  /** Open now. */
  tunnels = 0;
  readonly failures: Record<FailureReason, number>;

  constructor() {
    this.failures = Object.fromEntries(FAILURE_REASONS.map((reason) => [reason, 0])) as typeof this.failures;
  }

  read(gauges: Pick<TargetCounts, "open" | "idle" | "opening" | "waiting">): TargetCounts {
    const { requests, answered, aborted, reused, dialled, dialsFailed, unsolicited, tunnels } = this;
    const byReason = { ...this.failures };
    const failed = Object.values(byReason).reduce((sum, count) => sum + count, 0);
    return {
      ...gauges,
      tunnels,
      requests,
      answered,
      failed,
      aborted,
      reused,
      dialled,
      dialsFailed,
      unsolicited,
      byReason,
    };
  }
}
