import { type Log, type LogFields, messageOf, TenkError } from "../base/mod.ts";
import type { TargetAddress } from "./address.ts";
import { type Choosable, hashOf } from "./balance.ts";
import { Health } from "./health.ts";
import type { TargetListSettings, TargetSettings } from "./settings.ts";

/** A report of one target, from one event loop. */
export interface TargetReport {
  address: string;
  state: "up" | "down" | "draining";
  weight: number;
  /** Pairs or exchanges that it carries, those being connected included. */
  active: number;
  /** Those that reached it. */
  total: number;
  /** Failures, those of checks included. */
  failures: number;
  bytesToTarget: number;
  bytesFromTarget: number;
  lastError: string | undefined;
  /** When that was, in milliseconds since 1970; as the next two. */
  lastErrorAtMs: number | undefined;
  /** Since when it is `down`, or would be if it did not drain. */
  outSinceMs: number | undefined;
  /** When a client's connect may try one that is out; `undefined` where checks do. */
  nextTryAtMs: number | undefined;
  /** How long the last connect took. */
  connectMs: number | undefined;
}

/** What carries pairs or exchanges to one target: a relay's dialer, a proxy's kept connections. */
export interface TargetLink {
  /** Bytes carried so far. */
  readCounts(): { readonly bytesWritten: number; readonly bytesRead: number };
  /** Called when no new pair or exchange will use it; those that are open go on. */
  close?(): void;
}

/** A list of targets, as its targets use it. */
export interface TargetOwner<Link> {
  readonly settings: TargetListSettings;
  readonly log: Log;
  makeLink(settings: TargetSettings): Link;
  /** A target carries less than before, came back, or is out: who waits may have something to choose. */
  hasRoom(): void;
}

/** Errors of our own side, for which a target must not be taken out. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set(["connect-aborted", "descriptors-exhausted", "address-unavailable"]);

/** One target: its settings, its health, its counts, and its link. */
export class Target<Link extends TargetLink> implements Choosable {
  readonly address: string;
  readonly hash: number;
  readonly health: Health;
  settings: TargetSettings;
  active = 0;
  credit = 0;
  chosenAt = 0;
  connectMs: number | undefined;
  readonly #owner: TargetOwner<Link>;
  #link: Link;
  /** The key that the link was made with; undefined when it is closed. */
  #linkKey: string | undefined;
  #lastError: string | undefined;
  #lastErrorAtMs: number | undefined;
  #isListed = true;
  #total = 0;
  #failures = 0;
  #formerBytesTo = 0;
  #formerBytesFrom = 0;

  constructor(settings: TargetSettings, owner: TargetOwner<Link>) {
    this.address = settings.address;
    this.hash = hashOf(settings.address);
    this.health = new Health(owner.settings.health);
    this.settings = settings;
    this.#owner = owner;
    this.#linkKey = owner.settings.linkKey;
    this.#link = owner.makeLink(settings);
  }

  get link(): Link {
    return this.#link;
  }

  get place(): TargetAddress {
    return this.settings.place;
  }

  get weight(): number {
    return this.settings.weight;
  }

  get draining(): boolean {
    return this.settings.draining;
  }

  /** Whether it may carry one more. */
  get hasRoom(): boolean {
    const { maxActive } = this.#owner.settings;
    return maxActive === 0 || this.active < maxActive;
  }

  /** New settings for the same address: what is known of it and what it carries stay. */
  update(settings: TargetSettings): void {
    const { health, linkKey } = this.#owner.settings;
    if (settings.draining !== this.draining) {
      this.#log("info", settings.draining ? "target draining" : "target no longer draining");
    }
    this.#isListed = true;
    this.settings = settings;
    this.health.configure(health);
    if (linkKey === this.#linkKey) return;
    // What is open keeps its old link, and its bytes are no longer counted here.
    const { bytesWritten, bytesRead } = this.#link.readCounts();
    this.#formerBytesTo += bytesWritten;
    this.#formerBytesFrom += bytesRead;
    if (this.#linkKey !== undefined) this.#link.close?.();
    this.#linkKey = linkKey;
    this.#link = this.#owner.makeLink(settings);
  }

  /** Called when it has left the list; what it carries goes on until it ends. */
  leave(): void {
    if (!this.#isListed) return;
    this.#isListed = false;
    this.#link.close?.();
    this.#linkKey = undefined;
    this.#log("info", "target removed", { active: this.active });
  }

  /** Whether it has left the list and carries nothing any more. */
  get isGone(): boolean {
    return !this.#isListed && this.active === 0;
  }

  /** Called when it was added to a running list. */
  added(): void {
    this.#log("info", "target added");
  }

  isUsable(nowMs: number): boolean {
    return this.health.isUsable(nowMs);
  }

  /** It is to carry one more. @returns whether that is the trial of a target that is out: pass it on to how it ends */
  began(nowMs: number): boolean {
    this.active += 1;
    return this.health.began(nowMs);
  }

  /**
   * It carries one less: called once for each `began`.
   *
   * @param isTrial what `began` returned. A trial that ended without success or failure, such as by its client, is due again
   */
  ended(isTrial = false): void {
    this.active -= 1;
    this.health.cancelled(isTrial);
    this.#owner.hasRoom();
  }

  /** It was reached. @param inMs how long a connect took, where one was made */
  connected(inMs?: number): void {
    this.#total += 1;
    if (inMs !== undefined) this.connectMs = inMs;
    this.answered();
  }

  /** Called when it accepted a connection, or answered well. */
  answered(): void {
    if (!this.health.succeeded()) return;
    this.#log("info", "target up");
    this.#owner.hasRoom();
  }

  /** Called when a connect, an exchange or a check failed. */
  failed(error: unknown, nowMs: number, isTrial: boolean): void {
    if (error instanceof TenkError && NOT_ITS_FAULT.has(error.code)) {
      this.health.cancelled(isTrial);
      return;
    }
    this.#failures += 1;
    const text = messageOf(error);
    this.erred(text);
    if (!this.health.failed(nowMs, isTrial)) return;
    this.#log("warn", "target down", { forMs: this.health.backOffMs, error: text });
    this.#owner.hasRoom();
  }

  /** Keeps an error for the report. */
  erred(text: string): void {
    this.#lastError = text;
    this.#lastErrorAtMs = Date.now();
  }

  report(): TargetReport {
    const { bytesWritten, bytesRead } = this.#link.readCounts();
    const { isOut, outSinceMs, nextTryMs } = this.health;
    // Converts from the monotonic clock to milliseconds since 1970.
    const sinceEpoch = (ms: number | undefined) =>
      !isOut || ms === undefined ? undefined : Math.round(Date.now() - performance.now() + ms);
    return {
      address: this.address,
      state: this.draining || !this.#isListed ? "draining" : isOut ? "down" : "up",
      weight: this.weight,
      active: this.active,
      total: this.#total,
      failures: this.#failures,
      bytesToTarget: this.#formerBytesTo + bytesWritten,
      bytesFromTarget: this.#formerBytesFrom + bytesRead,
      lastError: this.#lastError,
      lastErrorAtMs: this.#lastErrorAtMs,
      outSinceMs: sinceEpoch(outSinceMs),
      nextTryAtMs: sinceEpoch(nextTryMs),
      connectMs: this.connectMs,
    };
  }

  #log(level: "info" | "warn", message: string, more: LogFields = {}): void {
    this.#owner.log[level](message, { name: this.#owner.settings.name, target: this.address, ...more });
  }
}
