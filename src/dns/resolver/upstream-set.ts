import { ROOT } from "../../wire/dns/mod.ts";
import type { WatchedUpstream } from "../guard/mod.ts";
import {
  type Question,
  Upstream,
  type UpstreamAnswer,
  type UpstreamFailure,
  type UpstreamOptions,
} from "../upstream/mod.ts";
import { Latencies } from "./latencies.ts";

/** How upstreams are chosen: the two fastest in parallel, in the configured order, or at random. */
export type UpstreamMode = "parallel-best" | "strict" | "random";

export interface MemberOptions extends UpstreamOptions {
  /** Whether its AD bit is trusted. @default {true by TLS and HTTPS, else false} */
  readonly trustsAd?: boolean;
}

export interface HealthOptions {
  /** Consecutive failures after which an upstream is asked only if no other is left. @default {2} */
  readonly maxFailures?: number;
  /** What such an upstream is asked to find out whether it answers again. @default {the name servers of the root} */
  readonly probeQuestion?: (upstream: WatchedUpstream) => Question;
  /** Delay before such an upstream is probed; doubles from probe to probe. @default {1000} */
  readonly probeMinMs?: number;
  /** Upper limit of that delay. @default {60_000} */
  readonly probeMaxMs?: number;
}

export interface SetOptions extends HealthOptions {
  readonly mode: UpstreamMode;
  /** For a zone's own upstreams: a router whose resolver is this machine still knows its own zone. */
  readonly asksLooped: boolean;
  /** Called when an upstream that was down has answered. */
  readonly recovered: () => void;
}

/** One upstream and its health. */
export interface Member extends WatchedUpstream {
  readonly upstream: Upstream;
  readonly trustsAd: boolean;
  /** How long its answers took. */
  readonly latencies: Latencies;
  /** Smoothed round-trip time; 0 = not known yet, so that the upstream is tried. */
  rttMs: number;
  /** Consecutive failures. */
  failures: number;
  isDown: boolean;
  probeMs: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const NAME_SERVERS_OF_ROOT: Question = { name: ROOT, type: 2, wantsDnssec: false, checkingDisabled: false };
/** Weight of the last round trip in the smoothed time. */
const WEIGHT = 0.2;

const HEALTH = {
  probeQuestion: (_: WatchedUpstream) => NAME_SERVERS_OF_ROOT,
  maxFailures: 2,
  probeMinMs: 1000,
  probeMaxMs: 60_000,
};

/** Returns an upstream of which nothing is known yet. @throws {TenkError} `invalid-option` */
export function newMember(
  { trustsAd, ...options }: MemberOptions,
  { probeMinMs = HEALTH.probeMinMs }: HealthOptions,
): Member {
  const upstream = new Upstream(options);
  const { protocol } = upstream.address;
  const isSecure = protocol === "tls" || protocol === "https";
  return {
    ...{
      upstream,
      trustsAd: trustsAd ?? isSecure,
      latencies: new Latencies(),
      rttMs: 0,
      failures: 0,
      isDown: false,
      probeMs: probeMinMs,
      timer: undefined,
    },
    ...{ name: upstream.name, isLooped: false, probe: (question) => upstream.ask(question, () => undefined) },
  };
}

/** Upstreams in the order in which they should be asked. */
export class UpstreamSet {
  readonly members: readonly Member[];
  readonly #options: SetOptions & typeof HEALTH;

  /** @param members may be in other sets too, which then share their health */
  constructor(members: readonly Member[], options: SetOptions) {
    this.members = members;
    this.#options = { ...HEALTH, ...options };
  }

  /** How many are asked at once. */
  get width(): number {
    return this.#options.mode === "parallel-best" ? 2 : 1;
  }

  /**
   * Returns the upstreams in the order in which they should be asked, those that are down last. Those that send our queries back to
   * us are left out.
   */
  order(): Member[] {
    const usable = this.members.filter(({ isLooped }) => !isLooped || this.#options.asksLooped);
    const up = usable.filter(({ isDown }) => !isDown);
    if (this.#options.mode === "parallel-best") up.sort((a, b) => a.rttMs - b.rttMs);
    if (this.#options.mode === "random") shuffle(up);
    return [...up, ...usable.filter(({ isDown }) => isDown)];
  }

  ask(
    member: Member,
    question: Question,
    done: (answer: UpstreamAnswer | undefined, failure: UpstreamFailure | undefined) => void,
  ): void {
    const startMs = performance.now();
    member.upstream.ask(question, (answer, failure) => {
      if (failure === undefined) this.#succeeded(member, performance.now() - startMs);
      else if (failure !== "busy" && failure !== "stopped") this.#failed(member);
      done(answer, failure);
    });
  }

  #succeeded(member: Member, rttMs: number): void {
    member.latencies.add(rttMs / 1000);
    member.rttMs += member.rttMs === 0 ? rttMs : (rttMs - member.rttMs) * WEIGHT;
    const wasDown = member.isDown;
    member.failures = 0;
    member.isDown = false;
    member.probeMs = this.#options.probeMinMs;
    clearTimeout(member.timer);
    member.timer = undefined;
    if (wasDown) this.#options.recovered();
  }

  #failed(member: Member): void {
    member.failures += 1;
    if (member.failures < this.#options.maxFailures) return;
    member.isDown = true;
    if (member.timer === undefined) this.#planProbe(member);
  }

  #planProbe(member: Member): void {
    member.timer = setTimeout(() => {
      member.timer = undefined;
      member.probeMs = Math.min(member.probeMs * 2, this.#options.probeMaxMs);
      this.ask(member, this.#options.probeQuestion(member), () => {});
    }, member.probeMs);
    member.timer.unref();
  }
}

function shuffle(members: Member[]): void {
  for (let last = members.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [members[last], members[other]] = [members[other]!, members[last]!];
  }
}
