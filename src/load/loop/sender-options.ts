import type { LoadPlan } from "../plan/mod.ts";
import type { InFlight } from "./in-flight.ts";
import type { LoopSource } from "./protocol.ts";
import { TokenBuckets } from "./token-buckets.ts";

export interface SenderOptions {
  readonly source: LoopSource;
  /** Undefined where answers are not told apart. */
  readonly inFlight: InFlight | undefined;
  readonly upstream: TokenBuckets | undefined;
  /** See `TcpOptions`. */
  readonly pipeline: number;
  readonly lateAfterMs: number;
  readonly dropAfterMs: number;
  readonly writeQueueBytes: number;
  /** Added to the run's milliseconds to have those since 1970. */
  readonly epochMs: number;
  readonly tapOut: ((uid: number, bytes: Uint8Array) => void) | undefined;
  /** Without a rate: messages in all. */
  readonly maxMessages: number;
  /** The transport finds the answers, and counts those that fail. */
  readonly reportsAnswers: boolean;
  /** The transport tells of the beginning of each answer. */
  readonly timesFirstBytes: boolean;
}

type Planned =
  | "upstream"
  | "pipeline"
  | "lateAfterMs"
  | "dropAfterMs"
  | "writeQueueBytes"
  | "reportsAnswers"
  | "timesFirstBytes";

/** Those that follow from the plan, for so many slots. */
export function plannedOptions(plan: LoadPlan, slots: number): Pick<SenderOptions, Planned> {
  const { upstreamBytesPerSecond, pipeline, lateAfterMs, dropAfterMs, writeQueueBytes, traffic } = plan;
  return {
    upstream: upstreamBytesPerSecond === undefined ? undefined : new TokenBuckets(slots, upstreamBytesPerSecond),
    pipeline,
    lateAfterMs,
    dropAfterMs,
    writeQueueBytes,
    reportsAnswers: traffic.reportsAnswers ?? false,
    timesFirstBytes: traffic.reportsAnswers === true && traffic.answersAreWhole !== true,
  };
}
