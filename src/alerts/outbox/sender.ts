import { type Log, messageOf } from "../../base/mod.ts";
import type { Channel, Delivery } from "../channels/mod.ts";
import {
  compose,
  type Incident,
  type Interest,
  type Item,
  type News,
  newsOf,
  noteTold,
  type Wording,
} from "../incidents/mod.ts";
import type { Span } from "../time/mod.ts";

export interface SenderOptions {
  readonly channel: Channel;
  readonly interest: Interest;
  readonly gatherMs: number;
  readonly maxBackoffMs: number;
  /** Returns the quiet hours that last now. */
  quiet(nowMs: number): Span | undefined;
  /** Critical problems are told in quiet hours too. */
  readonly isCriticalLoud: boolean;
  readonly wording: Pick<Wording, "name" | "time">;
  readonly log: Log;
  /** Called when something is to be kept. */
  changed(): void;
  /** Has those who know look again whether problems are still there. @default {nobody does} */
  recheck?(keys: readonly string[]): void;
  readonly nowMs?: () => number;
  readonly random?: () => number;
}

/** As it is kept on the disk. */
export interface KeptSender {
  /** Since when nothing got out. */
  readonly failingSinceMs?: number | undefined;
  readonly why?: string | undefined;
  /** Dropped incidents that were told of. */
  readonly droppedTold?: number;
}

const MIN_BACKOFF_MS = 5000;
/** What refuses for good is tried again rarely. */
const REFUSED_WAIT_MS = 900_000;
/** The longest that a receiver may make us wait. */
const MAX_ASKED_WAIT_MS = 3_600_000;
/** Everything that comes is waited for so many times the time to gather. */
const MAX_GATHERS = 6;
const STOP_MS = 1000;
/** A service that is back is known to be so within this time, once somebody looks. */
const RECHECK_MS = 15_000;
/** A message that was held up for less is not late. */
const LATE_MS = 60_000;

const LOUD: readonly News[] = ["began", "worse", "flaps"];

/**
 * Tells one channel what it does not know: one message at a time, of everything that there is to tell at that moment. So what began and ended while
 * nothing got out is one line, and no order can be wrong. What was sent is noted after it was accepted: a crash in between sends it again, under the same id.
 */
export class Sender {
  readonly counts = { sent: 0, failed: 0, refused: 0 };
  /** Incidents with something to tell. */
  waiting = 0;
  /** Why nothing is accepted until somebody changes something. */
  refusal: string | undefined;
  failingSinceMs: number | undefined;
  /** Why the last message did not get out. */
  why: string | undefined;
  readonly #options: SenderOptions;
  readonly #now: () => number;
  readonly #stopping = new AbortController();
  #sending: Promise<void> | undefined;
  #failures = 0;
  #isBrief = false;
  #wasQuiet = false;
  #isRechecked = false;
  #droppedTold: number;
  /** No attempt before. */
  #pause = { fromMs: 0, waitMs: 0 };
  /** Something new came first, and last. */
  #gathering: { readonly firstMs: number; lastMs: number; count: number } | undefined;

  constructor(options: SenderOptions, kept: KeptSender = {}) {
    this.#options = options;
    this.#now = options.nowMs ?? Date.now;
    this.failingSinceMs = kept.failingSinceMs;
    this.why = kept.why;
    this.#droppedTold = kept.droppedTold ?? 0;
  }

  get channel(): Channel {
    return this.#options.channel;
  }

  get interest(): Interest {
    return this.#options.interest;
  }

  kept(): KeptSender {
    return { failingSinceMs: this.failingSinceMs, why: this.why, droppedTold: this.#droppedTold };
  }

  /** Looks whether there is something to tell, and sends it when it is due. */
  tick(incidents: readonly Incident[], dropped: number): void {
    const nowMs = this.#now();
    const items = this.#items(incidents, nowMs);
    this.waiting = items.length;
    if (this.#sending !== undefined) return;
    const loud = this.#loud(items, nowMs);
    if (loud.length < items.length) this.#wasQuiet = true;
    if (loud.length === 0) {
      this.#gathering = undefined;
      return;
    }
    // Gathering goes on during a pause.
    const isGathered = this.#isGathered(loud.length, nowMs);
    if (this.#isPaused(loud, nowMs) || !isGathered) return;
    this.#gathering = undefined;
    this.#sending = this.#send(loud, incidents, dropped).finally(() => {
      this.#sending = undefined;
    });
  }

  /** Resolves when no message is under way. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  /** A message under way may get out, since it would be sent again otherwise. */
  async stop(graceMs = STOP_MS): Promise<void> {
    const timer = setTimeout(() => this.#stopping.abort(), graceMs);
    await this.#sending;
    clearTimeout(timer);
    this.#stopping.abort();
  }

  #items(incidents: readonly Incident[], nowMs: number): Item[] {
    const { interest } = this.#options;
    return incidents.flatMap((incident) => {
      const news = newsOf(incident, interest, nowMs);
      return news === undefined ? [] : [{ incident: { ...incident }, news, told: incident.told[interest.channel] }];
    });
  }

  /** Leaves out what waits for the end of quiet hours. That somebody who was woken need not go on worrying is told at once. */
  #loud(items: readonly Item[], nowMs: number): readonly Item[] {
    const { quiet, isCriticalLoud } = this.#options;
    const span = quiet(nowMs);
    if (span === undefined) return items;
    return items.filter(({ incident, news, told }) => {
      if (!isCriticalLoud || incident.severity !== "critical") return false;
      return LOUD.includes(news) || (news === "over" && told !== undefined && told.atMs >= span.fromMs);
    });
  }

  #isGathered(count: number, nowMs: number): boolean {
    const { gatherMs } = this.#options;
    const since = this.#gathering;
    // Also when the clock was set back.
    if (since === undefined || nowMs < since.firstMs) {
      this.#gathering = { firstMs: nowMs, lastMs: nowMs, count };
      return gatherMs === 0;
    }
    if (count > since.count) since.lastMs = nowMs;
    since.count = count;
    return nowMs - since.lastMs >= gatherMs || nowMs - since.firstMs >= gatherMs * MAX_GATHERS;
  }

  /**
   * A while before a late message is tried again, those who know look again: what kept it from getting out was perhaps the very problem
   * that it is about, and is over.
   */
  #isPaused(items: readonly Item[], nowMs: number): boolean {
    const { fromMs, waitMs } = this.#pause;
    const leftMs = nowMs >= fromMs ? fromMs + waitMs - nowMs : 0;
    if (leftMs <= RECHECK_MS && leftMs > 0 && !this.#isRechecked && this.#isLate(nowMs)) {
      this.#isRechecked = true;
      const open = items.filter(({ incident }) => incident.endedMs === undefined);
      this.#options.recheck?.(open.map(({ incident }) => incident.key));
    }
    return leftMs > 0;
  }

  #isLate(nowMs: number): boolean {
    return this.failingSinceMs !== undefined && Math.abs(nowMs - this.failingSinceMs) >= LATE_MS;
  }

  async #send(items: readonly Item[], incidents: readonly Incident[], dropped: number): Promise<void> {
    const { channel, wording, interest, changed } = this.#options;
    const nowMs = this.#now();
    const sinceMs = this.failingSinceMs;
    const message = compose(items, {
      ...wording,
      nowMs,
      dropped: Math.max(0, dropped - this.#droppedTold),
      wasQuiet: this.#wasQuiet && this.#options.quiet(nowMs) === undefined,
      ...(sinceMs !== undefined && this.#isLate(nowMs) && { late: { sinceMs, why: this.why ?? "no way out" } }),
    });
    const delivery = await channel
      .send(message, this.#isBrief, this.#stopping.signal)
      .catch((error): Delivery => ({ result: "failed", why: messageOf(error) }));
    if (this.#stopping.signal.aborted && delivery.result !== "sent") return;
    if (delivery.result === "sent") {
      const told = { channel: interest.channel, atMs: this.#now(), messageId: message.id };
      const byId = new Map(incidents.map((incident) => [incident.id, incident]));
      for (const { incident, news } of items) {
        const original = byId.get(incident.id);
        if (original !== undefined) noteTold(original, incident, { news, ...told });
      }
      this.#droppedTold = dropped;
      this.#wasQuiet = false;
    }
    this.#note(delivery, message.title, items.length);
    changed();
  }

  #note(delivery: Delivery, title: string, incidents: number): void {
    const { channel, log } = this.#options;
    const nowMs = this.#now();
    const fields = { channel: channel.name };
    if (delivery.result === "sent") {
      this.counts.sent += 1;
      log.info("alert sent", { ...fields, title, incidents, ...(this.#failures > 0 && { failures: this.#failures }) });
      this.#failures = 0;
      this.#isBrief = false;
      this.failingSinceMs = this.why = this.refusal = undefined;
      this.#pause = { fromMs: nowMs, waitMs: 0 };
      return;
    }
    this.#isRechecked = false;
    const { result, why } = delivery;
    this.failingSinceMs ??= nowMs;
    const isNews = why !== this.why;
    this.why = why;
    if (result === "unwanted" && !this.#isBrief) {
      this.#isBrief = true;
      this.counts.failed += 1;
      log.warn("alert not accepted, its title alone is sent", { ...fields, why });
      this.#pause = { fromMs: nowMs, waitMs: MIN_BACKOFF_MS };
      return;
    }
    const isForGood = result !== "failed";
    if (isForGood) this.counts.refused += 1;
    else this.counts.failed += 1;
    if (isForGood && this.refusal !== why)
      log.error("alert refused", {
        ...fields,
        why,
        fix: `change alerts.channels.${channel.name}, then tenk alert test ${channel.name}`,
      });
    else if (!isForGood && (isNews || this.#failures === 0)) log.warn("alert not sent, it waits", { ...fields, why });
    this.refusal = isForGood ? why : undefined;
    this.#pause = { fromMs: nowMs, waitMs: isForGood ? REFUSED_WAIT_MS : this.#backoffMs(delivery) };
    this.#failures += 1;
  }

  #backoffMs(delivery: Delivery): number {
    const { maxBackoffMs, random = Math.random } = this.#options;
    const doubledMs = Math.min(maxBackoffMs, MIN_BACKOFF_MS * 2 ** Math.min(this.#failures, 20));
    const askedMs = "waitMs" in delivery ? (delivery.waitMs ?? 0) : 0;
    return Math.max(doubledMs * (0.5 + random() / 2), Math.min(askedMs, MAX_ASKED_WAIT_MS));
  }

  /** A message that was sent by hand got out: nothing is waited for any more. */
  noteReachable(): void {
    this.#pause = { fromMs: 0, waitMs: 0 };
    this.refusal = undefined;
  }
}
