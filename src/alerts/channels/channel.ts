import type { Message } from "../incidents/mod.ts";

/** Where messages are sent to. */
export interface Channel {
  readonly name: string;
  /** `ntfy`, `email` … */
  readonly type: string;
  /**
   * Sends a message once. Never throws; no secret is in what it returns.
   *
   * @param isBrief send the title alone, since the receiver did not want the whole
   */
  send(message: Message, isBrief: boolean, signal: AbortSignal): Promise<Delivery>;
}

export type Delivery =
  | { readonly result: "sent" }
  /** It may work later. */
  | { readonly result: "failed"; readonly why: string; readonly waitMs?: number }
  /** Nothing will be accepted until somebody changes something. */
  | { readonly result: "refused"; readonly why: string }
  /** This message is not accepted, as too long or of a wrong form. */
  | { readonly result: "unwanted"; readonly why: string };

/** What a channel needs beside its settings. */
export interface ChannelEnv {
  /** Page that a message leads to. */
  readonly pageUrl: string | undefined;
  readonly timeoutMs: number;
}

/** Replaces secrets in a text that is shown. */
export function masked(text: string, secrets: readonly string[]): string {
  const found = [...secrets].filter((each) => each.length > 1).sort((one, other) => other.length - one.length);
  return found.reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
}

/** Makes one short line of a receiver's text, which goes into the log. */
export function shortLine(text: string, max = 200): string {
  return text
    .slice(0, max * 2)
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, max);
}
