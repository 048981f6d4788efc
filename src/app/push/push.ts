import { hostname } from "node:os";
import { type Log, logOf, messageOf } from "../../base/mod.ts";
import { type Family, snappy, type TimedSample, timedSamples, writeRequest } from "../../metrics/mod.ts";
import { PushQueue, type PushQueueOptions, type PushTally } from "./queue.ts";
import type { PushTarget } from "./target.ts";

export interface PushOptions extends Omit<PushQueueOptions, "onOutcome"> {
  readonly target: PushTarget;
  /** Reads what is pushed. */
  readonly read: () => Promise<readonly Family[]> | readonly Family[];
  /** Labels of every series. `job` and `instance` (the host's name) are added unless they are given. @default {none} */
  readonly labels?: Readonly<Record<string, string>>;
  /** Milliseconds between two pushes. @default {10000} */
  readonly everyMs?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  readonly log?: Log;
}

export interface Push {
  /** Pushes now. Resolves when the metrics are read, before they are sent. */
  now(): Promise<void>;
  /**
   * Pushes once more, marks every series as ended (stale), and waits for requests under way.
   *
   * @param graceMs the longest wait @default {5000}
   */
  end(graceMs?: number): Promise<PushTally>;
}

/** Samples in one request, as Prometheus sends them. */
const MAX_SAMPLES = 2000;
/** Receivers reject samples that are further in the future. */
const MAX_AHEAD_MS = 600_000;
const LOG_FAILURES_EVERY_MS = 60_000;

/** Pushes by Prometheus remote write 1.0, from now on and every `everyMs`, until ended. Never throws. */
export function startPush(options: PushOptions): Push {
  const { read, everyMs = 10_000, now = Date.now, log = logOf("push"), labels = {}, target, ...limits } = options;
  const shared = { job: "tenk", instance: hostname(), ...labels };
  const queue = new PushQueue(target, { ...limits, onOutcome: outcomeLogger(log, target.shown, shared.instance, now) });
  let pushed = new Map<string, TimedSample>();
  let lastMs = 0;
  let reading: Promise<void> | undefined;
  let ended: Promise<PushTally> | undefined;

  /**
   * Returns a time after the last one, also when the clock was set back, since receivers reject older samples. When the clock was
   * far ahead before, its samples were rejected too: then the time follows the clock back.
   */
  function nextMs(): number {
    const nowMs = now();
    lastMs = lastMs - nowMs > MAX_AHEAD_MS ? nowMs : Math.max(nowMs, lastMs + 1);
    return lastMs;
  }
  function send(samples: readonly TimedSample[]): void {
    for (let from = 0; from < samples.length; from += MAX_SAMPLES) {
      const some = samples.slice(from, from + MAX_SAMPLES);
      queue.add({ body: snappy(writeRequest(some)), samples: some.length });
    }
  }
  async function push(): Promise<void> {
    try {
      const families = await read();
      const atMs = nextMs();
      const samples = timedSamples(families, shared, atMs);
      const current = new Map(samples.map((sample) => [sample.labels.join("\0"), sample]));
      const gone = [...pushed].filter(([key]) => !current.has(key)).map(([, sample]) => sample);
      pushed = current;
      send([...samples, ...endOf(gone, atMs)]);
    } catch (error) {
      log.error("push skipped, metrics cannot be read", { error: messageOf(error) });
    }
  }
  function pushOnce(): Promise<void> {
    reading ??= push().finally(() => {
      reading = undefined;
    });
    return reading;
  }
  async function end(graceMs: number): Promise<PushTally> {
    clearInterval(timer);
    await reading;
    await pushOnce();
    send(endOf([...pushed.values()], nextMs()));
    const tally = await queue.close(graceMs);
    if (tally.sent === 0 && tally.dropped > 0) log.warn("nothing was pushed", { to: target.shown, ...tally });
    else log.info("pushed", { to: target.shown, ...tally });
    return tally;
  }
  const timer = setInterval(pushOnce, everyMs);
  timer.unref();
  void pushOnce();
  return {
    now: pushOnce,
    end(graceMs = 5000) {
      ended ??= end(graceMs);
      return ended;
    },
  };
}

function endOf(samples: readonly TimedSample[], atMs: number): TimedSample[] {
  return samples.map(({ labels }) => ({ labels, value: "stale", atMs }));
}

/** Errors of Prometheus, Mimir and Thanos (409) about a series that has newer samples, or another one of the same time. */
const CLASH = /^409\b|out[- ]of[- ]order|duplicate[- ](sample|timestamp)|too old sample/i;
const CLASH_FIX =
  "give each sender an instance of its own: push: { labels: { instance: … } }, or --push-label instance=…";

/** Logs the first failure at once, later ones once a minute, and the recovery. */
function outcomeLogger(
  log: Log,
  to: string,
  instance: string,
  now: () => number,
): (failure: string | undefined) => void {
  let failures = 0;
  let isLogged = false;
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  return (failure) => {
    if (failure === undefined) {
      if (isLogged) log.info("push recovered", { to, failures });
      isLogged = false;
      failures = 0;
      return;
    }
    failures += 1;
    if (now() - loggedAtMs < LOG_FAILURES_EVERY_MS) return;
    isLogged = true;
    loggedAtMs = now();
    const isClash = CLASH.test(failure);
    if (!isClash) log.warn("push failed", { to, why: failure, failures });
    else
      log.warn("push rejected, another sender has the same series", {
        to,
        instance,
        why: failure,
        failures,
        fix: CLASH_FIX,
      });
  };
}
