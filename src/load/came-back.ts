import type { Tally } from "./accounting.ts";
import { messagesIn } from "./box.ts";
import { compileMessages } from "./message/mod.ts";
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

type Sums = Pick<Tally, "sent" | "received" | "bytesSent" | "bytesReceived" | "firstBytesSent">;

/** What came back, in messages: answers where they are told apart, else the bytes divided by the message's length. */
export function messagesBack(tally: Sums, { answersTold, lengthBytes }: Counting): number {
  if (answersTold || tally.received > 0) return tally.received;
  const bytes = tally.bytesSent - tally.firstBytesSent;
  // Where all came back that was sent, what was sent at the openings did too.
  const back = tally.bytesReceived === tally.bytesSent ? bytes : tally.bytesReceived;
  return messagesIn(back, { sent: tally.sent, bytes, lengthBytes });
}
