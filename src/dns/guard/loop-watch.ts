import { logOf } from "../../base/mod.ts";
import { RecordType } from "../../wire/dns/mod.ts";
import type { Question } from "../upstream/mod.ts";
import { newProbeZone, probeName } from "./loop-probe.ts";

const log = logOf("dns");

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
  /** Time between probes. @default {3_600_000} */
  readonly everyMs?: number;
  /** Time in which a probe comes back if there is a loop. @default {5000} */
  readonly settleMs?: number;
}

const MAX_UPSTREAMS = 256;

/**
 * Finds upstreams that send our queries back to us, such as a router whose resolver is this machine: it sends each a name that
 * nobody else asks for, as dnsmasq does. A guard that sees one of these names calls `seen`.
 */
export class LoopWatch {
  /** For `GuardSettings`. */
  readonly zone: Uint8Array = newProbeZone();
  readonly #upstreams: () => readonly WatchedUpstream[];
  readonly #everyMs: number;
  readonly #settleMs: number;
  readonly #seen = new Set<WatchedUpstream>();
  #round: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(
    upstreams: () => readonly WatchedUpstream[],
    { everyMs = 3_600_000, settleMs = 5000 }: LoopWatchOptions = {},
  ) {
    this.#upstreams = upstreams;
    this.#everyMs = everyMs;
    this.#settleMs = settleMs;
  }

  /** Probes all upstreams, now and from time to time. Called again when they have changed. */
  start(): void {
    this.stop();
    this.#seen.clear();
    const probed = this.#upstreams().slice(0, MAX_UPSTREAMS);
    for (const [index, upstream] of probed.entries()) {
      const name = probeName(this.zone, index);
      upstream.probe({ name, type: RecordType.a, wantsDnssec: false, checkingDisabled: false });
    }
    this.#settling = setTimeout(() => this.#settle(probed), this.#settleMs);
    this.#round = setTimeout(() => this.start(), this.#everyMs);
    this.#settling.unref();
    this.#round.unref();
  }

  /** A probe of this upstream came to us as a query. */
  seen(index: number): void {
    const upstream = this.#upstreams()[index];
    if (upstream === undefined) return;
    this.#seen.add(upstream);
    if (upstream.isLooped) return;
    upstream.isLooped = true;
    log.error("upstream sends our queries back", {
      upstream: upstream.name,
      fix: "set another upstream here, or another resolver there",
    });
  }

  stop(): void {
    clearTimeout(this.#settling);
    clearTimeout(this.#round);
  }

  #settle(probed: readonly WatchedUpstream[]): void {
    for (const upstream of probed) {
      if (!upstream.isLooped || this.#seen.has(upstream)) continue;
      upstream.isLooped = false;
      log.info("upstream no longer sends our queries back", { upstream: upstream.name });
    }
  }
}
