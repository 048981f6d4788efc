import { messagesIn, type Tally } from "../measure/mod.ts";
import type { Traffic } from "../plan/mod.ts";

type Sums = Pick<Tally, "sent" | "received" | "bytesSent" | "bytesReceived" | "firstBytesSent">;

/** Returns what came back, in messages: answers where they are told apart, else the bytes divided by the message's length. */
export function messagesBack(
  tally: Sums,
  { answersTold, delimitsMessages, lengthBytes }: Pick<Traffic, "answersTold" | "delimitsMessages" | "lengthBytes">,
): number {
  if (answersTold || delimitsMessages || tally.received > 0) return tally.received;
  const bytes = tally.bytesSent - tally.firstBytesSent;
  // If every sent byte came back, the first messages did too.
  const back = tally.bytesReceived === tally.bytesSent ? bytes : tally.bytesReceived;
  return messagesIn(back, { sent: tally.sent, bytes, lengthBytes });
}
