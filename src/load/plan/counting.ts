import { compileMessages } from "../message/mod.ts";
import type { TcpPlan } from "./plan.ts";

/** How what comes back is counted. */
export interface Counting {
  /** Answers are told apart, and timed: there is a rule for them, or each message carries a marker that comes back. */
  readonly answersTold: boolean;
  /** Of every message, where all have one length. */
  readonly lengthBytes: number | undefined;
}

export function countingOf(plan: TcpPlan): Counting {
  if (plan.messages.length === 0) return { answersTold: false, lengthBytes: undefined };
  const source = compileMessages({ parts: plan.messages, files: plan.files, random: () => 0 });
  // As in `tcpProtocol` and the loop: a first message alone asks for nothing.
  const answersTold = plan.pace !== "none" && (plan.replies !== undefined || source.hasMarker);
  return { answersTold, lengthBytes: source.constantLengthBytes };
}
