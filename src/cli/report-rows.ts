import type { DropCause, Report } from "../load/mod.ts";
import { rate, whole } from "./live-frame.ts";
import type { Paints } from "./terminal.ts";

/** A line of a report: its name, and what stands behind it. */
export type Row = readonly [name: string, ...facts: string[]];

/** Explains the causes of drops. */
const DROP_WORDS: Readonly<Record<DropCause, string>> = {
  old: "old: the generator was behind",
  full: "full: the peer did not read",
  outstanding: "outstanding: too many had no reply",
  noReply: "no reply to the message before",
  bandwidth: "bandwidth",
  closed: "closed: no connection to send on",
  cut: "cut: the connection ended before they had left",
};

/** Returns drops by their causes in words. */
export function dropWords(counts: Report["messages"]["droppedBy"]): Record<string, number> {
  const isKnown = (cause: string): cause is DropCause => Object.hasOwn(DROP_WORDS, cause);
  return Object.fromEntries(
    Object.entries(counts).map(([cause, count]) => [isKnown(cause) ? DROP_WORDS[cause] : cause, count]),
  );
}

/** One line a cause, the commonest first: `12 established ECONNRESET`. */
export function causeRows(counts: Readonly<Record<string, number>>, { red }: Paints, before = ""): Row[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([cause, count]) => ["", red(`${before}${whole(count)} ${cause}`)]);
}

/** A count of something bad, red where there is any. */
export function bad(name: string, count: number, { red }: Paints): string {
  return count > 0 ? red(`${whole(count)} ${name}`) : `0 ${name}`;
}

/** Escapes control characters of a message, which would reach the terminal. */
export function visibleText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What was planned and sent, and why some of it was not. */
export function sentRows({ messages }: Report, paints: Paints): Row[] {
  return [
    [
      "messages",
      `${whole(messages.planned)} planned`,
      `${whole(messages.sent)} sent, ${rate(messages.perSecondSent)}`,
      bad("late", messages.late, paints),
      bad("dropped", messages.dropped, paints),
    ],
    ...causeRows(dropWords(messages.droppedBy), paints, "dropped: "),
  ];
}
