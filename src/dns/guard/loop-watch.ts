import type { Log } from "../../base/mod.ts";
import { RecordType, ROOT } from "../../wire/dns/mod.ts";
import type { Question } from "../upstream/mod.ts";
import { newProbeZone, probeName } from "./loop-probe.ts";

/** An upstream as the watch sees it. */
export interface WatchedUpstream {
  /** In the log. */
  readonly name: string;
  /** It sends our own queries back to us, and must not be asked. */
  isLooped: boolean;
  /** Sends a question, whatever becomes of it. */
  probe(question: Question): void;
}

export interface LoopWatchOptions {
  /** Time after which an upstream that sends queries back is probed again. @default {60_000} */
  readonly againMs?: number;
  /** Time in which a probe comes back if there is a loop. @default {5000} */
  readonly settleMs?: number;
}

const MAX_UPSTREAMS = 256;

/**
 * Finds upstreams that send our queries back to us, such as a router whose resolver is this machine. Such an upstream never answers,
 * because the query that comes back waits for its own answer. So upstreams that do not answer are probed with a name that nobody else
 * asks for, as dnsmasq does it at the start. A guard that sees one of these names calls `seen`.
 */
export class LoopWatch {
  /** For `GuardSettings`. */
  readonly zone: Uint8Array = newProbeZone();
  readonly #log: Log;
  readonly #upstreams: () => readonly WatchedUpstream[];
  readonly #againMs: number;
  readonly #settleMs: number;
  /** Those whose last probe came back. */
  readonly #seen = new Set<WatchedUpstream>();
  readonly #timers = new Map<WatchedUpstream, ReturnType<typeof setTimeout>>();

  constructor(
    log: Log,
    upstreams: () => readonly WatchedUpstream[],
    { againMs = 60_000, settleMs = 5000 }: LoopWatchOptions = {},
  ) {
    this.#log = log;
    this.#upstreams = upstreams;
    this.#againMs = againMs;
    this.#settleMs = settleMs;
  }

  /** Returns the question by which an upstream is probed. */
  question(upstream: WatchedUpstream): Question {
    const index = this.#upstreams().indexOf(upstream);
    // Upstreams beyond those that can be told apart, or of a former configuration, are asked for what is no probe.
    const name = index < 0 || index >= MAX_UPSTREAMS ? ROOT : probeName(this.zone, index);
    return { name, type: RecordType.ns, wantsDnssec: false, checkingDisabled: false };
  }

  /** A probe of this upstream came to us as a query. */
  seen(index: number): void {
    const upstream = this.#upstreams()[index];
    if (upstream === undefined) return;
    this.#seen.add(upstream);
    if (upstream.isLooped) return;
    upstream.isLooped = true;
    this.#log.error("upstream sends our queries back", {
      upstream: upstream.name,
      fix: "set another upstream here, or another resolver there",
    });
    this.#later(upstream, this.#againMs, () => this.#probeAgain(upstream));
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #probeAgain(upstream: WatchedUpstream): void {
    if (!this.#upstreams().includes(upstream)) return;
    this.#seen.delete(upstream);
    upstream.probe(this.question(upstream));
    this.#later(upstream, this.#settleMs, () => {
      if (this.#seen.has(upstream)) return this.#later(upstream, this.#againMs, () => this.#probeAgain(upstream));
      upstream.isLooped = false;
      this.#log.info("upstream no longer sends our queries back", { upstream: upstream.name });
    });
  }

  #later(upstream: WatchedUpstream, ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(upstream);
      work();
    }, ms);
    timer.unref();
    this.#timers.set(upstream, timer);
  }
}
