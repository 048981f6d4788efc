import type { Query } from "../../wire/dns/mod.ts";
import { formatIp, isMappedIpv4 } from "../../wire/mod.ts";
import type { Asker, Guard, RefusalReason } from "../chain/mod.ts";
import { NetworkSet } from "../local/mod.ts";
import { ClientLimiter } from "./client-limiter.ts";
import type { GuardSettings } from "./guard-settings.ts";
import { probedUpstream } from "./loop-probe.ts";

/** Answers everybody: for queries that are not clients'. */
export const NO_GUARD: Guard = { refusal: () => undefined, isSilent: false, sawSpecial: () => undefined };

/** Refusals of one reason since the last notice. */
export interface RefusalNotice {
  readonly reason: RefusalReason;
  /** The client that was refused last. */
  readonly client: string;
  readonly count: number;
}

/** An upstream sent a probe of `LoopWatch` back to us. */
export interface LoopNotice {
  readonly upstream: number;
}

export type Noticed = (notice: RefusalNotice | LoopNotice) => void;

const NOTICE_MS = 60_000;
const IPV6_NETWORK_WORDS = 2;
const ADDRESS_WORDS = 4;

/**
 * Decides which clients are answered, on one thread: those of this house, each at a limited rate. Allocates nothing but notices,
 * which are at least a minute apart.
 *
 * | refused | by UDP | by TCP |
 * | --- | --- | --- |
 * | a stranger | REFUSED, a few each second, never longer than the query; then nothing | REFUSED |
 * | above the rate | nothing | REFUSED |
 *
 * The sender of a datagram may be forged, and an answer then goes to a victim: so answers to strangers are few and short. Above the
 * rate silence is better than REFUSED: a client that is refused asks again at once, one that hears nothing waits for seconds, and two
 * resolvers that forward to each other would refuse each other without end.
 */
export class SourceGuard implements Guard {
  isSilent = false;
  #settings!: GuardSettings;
  #allowed!: NetworkSet;
  #exempt!: NetworkSet;
  #links!: NetworkSet;
  #limiter: ClientLimiter | undefined;
  #refusalsLeft = 0;
  #second = 0;
  readonly #strangers: Notices;
  readonly #excess: Notices;
  readonly #noticed: Noticed;

  constructor(settings: GuardSettings, noticed: Noticed) {
    this.#noticed = noticed;
    this.#strangers = new Notices("source", noticed);
    this.#excess = new Notices("rate", noticed);
    this.update(settings);
  }

  /** Takes over other settings. What is known of clients' rates stays, unless the limit has changed. */
  update(settings: GuardSettings): void {
    const { allowed, exempt, limit, links } = settings;
    const hasSameLimit = JSON.stringify(limit) === JSON.stringify(this.#settings?.limit);
    this.#settings = settings;
    this.#allowed = new NetworkSet(allowed);
    this.#exempt = new NetworkSet(exempt);
    this.#links = new NetworkSet(links);
    if (!hasSameLimit) this.#limiter = limit && new ClientLimiter(limit);
  }

  refusal({ ip, isDatagram, nowMs }: Asker): RefusalReason | undefined {
    if (!this.#allowed.has(ip)) {
      this.isSilent = isDatagram && !this.#takeRefusal(nowMs);
      this.#strangers.add(ip, nowMs);
      return "source";
    }
    if (this.#limiter === undefined || this.#exempt.has(ip) || this.#limiter.take(ip, this.#words(ip), nowMs))
      return undefined;
    this.isSilent = isDatagram;
    this.#excess.add(ip, nowMs);
    return "rate";
  }

  sawSpecial({ nameFrom }: Query, bytes: Uint8Array): void {
    const { probeZone } = this.#settings;
    if (probeZone === undefined) return;
    const upstream = probedUpstream(bytes, nameFrom, probeZone);
    if (upstream >= 0) this.#noticed({ upstream });
  }

  /** On a link all IPv6 clients share one network of 64 bits; farther away one client may have as many addresses as it likes. */
  #words(ip: Uint8Array): number {
    return isMappedIpv4(ip) || this.#links.has(ip) ? ADDRESS_WORDS : IPV6_NETWORK_WORDS;
  }

  #takeRefusal(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#refusalsLeft = this.#settings.refusalsPerSecond;
    }
    if (this.#refusalsLeft === 0) return false;
    this.#refusalsLeft -= 1;
    return true;
  }
}

/** Notices of one reason, at a bounded rate. */
class Notices {
  #count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #reason: RefusalReason;
  readonly #noticed: Noticed;

  constructor(reason: RefusalReason, noticed: Noticed) {
    this.#reason = reason;
    this.#noticed = noticed;
  }

  add(ip: Uint8Array, nowMs: number): void {
    this.#count += 1;
    if (nowMs - this.#lastMs < NOTICE_MS) return;
    this.#noticed({ reason: this.#reason, client: addressText(ip), count: this.#count });
    this.#lastMs = nowMs;
    this.#count = 0;
  }
}

function addressText(ip: Uint8Array): string {
  return isMappedIpv4(ip) ? formatIp(ip, 12, 4) : formatIp(ip, 0, 16);
}
