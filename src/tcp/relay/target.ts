import { type LogFields, logOf, messageOf, TenkError } from "../../base/mod.ts";
import { Dialer, type Handler } from "../../net/mod.ts";
import type { TargetAddress } from "./address.ts";
import { type Choosable, hashOf } from "./balance.ts";
import { Health } from "./health.ts";
import type { RelaySettings, TargetSettings } from "./options.ts";

/** A relay's report of one target, from one event loop. */
export interface TargetReport {
  address: string;
  state: "up" | "down" | "draining";
  weight: number;
  /** Pairs that are open or being connected. */
  active: number;
  /** Pairs that were connected. */
  total: number;
  /** Connects that failed, those of checks included. */
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

const log = logOf("relay");

/** Errors of our own side, for which a target must not be taken out. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set(["connect-aborted", "descriptors-exhausted", "address-unavailable"]);

/** One target: its settings, its health, its counts, and its dialer. */
export class Target<Data> implements Choosable {
  readonly address: string;
  readonly place: TargetAddress;
  readonly hash: number;
  readonly health: Health;
  weight: number;
  draining: boolean;
  active = 0;
  credit = 0;
  chosenAt = 0;
  connectMs: number | undefined;
  #lastError: string | undefined;
  #lastErrorAtMs: number | undefined;
  #relayName: string;
  #dialer: Dialer<Data>;
  #dialledAs = "";
  #isListed = true;
  #total = 0;
  #failures = 0;
  #formerBytesTo = 0;
  #formerBytesFrom = 0;

  constructor(settings: TargetSettings, relay: RelaySettings, handler: Handler<Data>) {
    this.address = settings.address;
    this.place = settings.place;
    this.hash = hashOf(settings.address);
    this.health = new Health(relay.health);
    this.weight = settings.weight;
    this.draining = settings.draining;
    this.#relayName = relay.name;
    this.#dialer = this.#dialerFor(relay, handler);
  }

  get dialer(): Dialer<Data> {
    return this.#dialer;
  }

  /** New settings for the same address: what is known of it and its pairs stay. */
  update(settings: TargetSettings, relay: RelaySettings, handler: Handler<Data>): void {
    if (settings.draining !== this.draining) {
      this.#log("info", settings.draining ? "target draining" : "target no longer draining");
    }
    this.#isListed = true;
    this.#relayName = relay.name;
    this.weight = settings.weight;
    this.draining = settings.draining;
    this.health.settings = relay.health;
    if (dialledAs(relay) === this.#dialledAs) return;
    // Open pairs keep their old dialer, and their bytes are no longer counted here.
    const { bytesWritten, bytesRead } = this.#dialer.readCounts();
    this.#formerBytesTo += bytesWritten;
    this.#formerBytesFrom += bytesRead;
    this.#dialer = this.#dialerFor(relay, handler);
  }

  /** Called when it has left the list; it keeps its pairs until they end. */
  leave(): void {
    if (!this.#isListed) return;
    this.#isListed = false;
    this.#log("info", "target removed", { pairs: this.active });
  }

  /** Whether it has left the list and has no pair any more. */
  get isGone(): boolean {
    return !this.#isListed && this.active === 0;
  }

  /** Called when it was added to a running relay. */
  added(): void {
    this.#log("info", "target added");
  }

  isUsable(nowMs: number): boolean {
    return this.health.isUsable(nowMs);
  }

  connected(inMs: number): void {
    this.#total += 1;
    this.connectMs = inMs;
    this.answered();
  }

  /** Called when it accepted a connection. */
  answered(): void {
    if (this.health.succeeded()) this.#log("info", "target up");
  }

  /** Called when a connect failed. */
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
  }

  /** Keeps an error of the target or of one of its pairs. */
  erred(text: string): void {
    this.#lastError = text;
    this.#lastErrorAtMs = Date.now();
  }

  report(): TargetReport {
    const { bytesWritten, bytesRead } = this.#dialer.readCounts();
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
    log[level](message, { name: this.#relayName, target: this.address, ...more });
  }

  #dialerFor(relay: RelaySettings, handler: Handler<Data>): Dialer<Data> {
    this.#dialledAs = dialledAs(relay);
    const { connectTimeoutMs, stallMs, tls } = relay;
    return new Dialer<Data>(
      { ...this.place, halfOpen: true, timeoutMs: connectTimeoutMs, limits: { stallMs }, tls },
      handler,
    );
  }
}

/** Returns the settings of a dialer besides its address, as text: a different text needs a new dialer. */
function dialledAs({ connectTimeoutMs, stallMs, tls }: RelaySettings): string {
  return JSON.stringify([connectTimeoutMs, stallMs, tls]);
}
