import { type Latencies, SecondLatencies } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { LoadSnapshot } from "../snapshot.ts";
import type { LoadState } from "../workers/mod.ts";
import { messagesBack } from "./messages-back.ts";
import { CpuMeter } from "./saturation.ts";

/** Counts at one moment, to compute rates from. */
interface Mark {
  readonly atMs: number;
  readonly sent: number;
  readonly received: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

type Progress = (counts: Readonly<Record<string, number>>) => NonNullable<LoadSnapshot["protocol"]>;
type Timing = Pick<LoadSnapshot, "phase" | "elapsedMs" | "durationMs"> & {
  nowMs: number;
  rssBytes: number;
  /** Of other machines; undefined = this process. */
  cpuPercent?: number | undefined;
};

/** Rates are averages over this time. */
const WINDOW_MS = 1000;
/** A timer that is a little early still ends a second. */
const SECOND_MS = 950;
const NO_SECOND: LoadSnapshot["lastSecondUs"] = { p50: 0, p99: 0, max: 0, delayP99: 0, delayMax: 0 };
const MIN_CPU_MS = 100;

/** Makes snapshots from what was counted; remembers the last second of them. */
export class SnapshotMaker {
  readonly #plan: LoadPlan;
  readonly #progress: Progress | undefined;
  readonly #cpu = new CpuMeter();
  #marks: Mark[] = [];
  #cpuReadMs = Number.NEGATIVE_INFINITY;
  #lastCpuPercent = 0;
  readonly #messages = new SecondLatencies();
  readonly #delays = new SecondLatencies();
  #secondEndMs = Number.NEGATIVE_INFINITY;
  #lastSecond = NO_SECOND;

  /** @param progress makes the protocol's own section of what it counts */
  constructor(plan: LoadPlan, progress?: Progress) {
    this.#plan = plan;
    this.#progress = progress;
  }

  make(state: LoadState, { phase, elapsedMs, durationMs, nowMs, rssBytes, cpuPercent }: Timing): LoadSnapshot {
    const { tally, latencies, lag, debt } = state;
    const { sent, bytesSent, bytesReceived } = tally;
    const received = messagesBack(tally, this.#plan.traffic);
    const mark = { atMs: nowMs, sent, received, bytesSent, bytesReceived };
    const perSecond = this.#rates(mark);
    const { p50, p90, p99, max } = latencies.summary("message");
    return {
      elapsedMs,
      phase,
      durationMs,
      connections: {
        wanted: this.#plan.connections,
        open: tally.open,
        opened: tally.opened,
        failed: tally.failed,
        lost: tally.lost,
      },
      messages: {
        planned: tally.planned,
        sent,
        late: tally.late,
        dropped: tally.droppedInAll,
        received,
        unanswered: this.#plan.traffic.answersTold ? sent - (tally.received - tally.unexpected) : 0,
        unexpected: tally.unexpected,
        answersTold: this.#plan.traffic.answersTold,
        perSecondSent: perSecond("sent"),
        perSecondReceived: perSecond("received"),
      },
      bytes: {
        sent: bytesSent,
        received: bytesReceived,
        perSecondSent: perSecond("bytesSent"),
        perSecondReceived: perSecond("bytesReceived"),
      },
      latencyUs: { p50, p90, p99, max, buckets: Array.from(latencies.messageBuckets) },
      lastSecondUs: this.#secondOf(latencies, nowMs, phase),
      ...(this.#progress && { protocol: this.#progress(tally.byProtocol) }),
      generator: {
        cpuPercent: cpuPercent ?? this.#cpuPercent(nowMs),
        loopLagP99Us: lag.totalCount === 0 ? 0 : lag.getValueAtPercentile(99),
        rssBytes,
        debtMessages: debt,
      },
    };
  }

  /** Where the target answers nothing, the delay of sending is the only latency. */
  #secondOf(latencies: Latencies, nowMs: number, phase: LoadSnapshot["phase"]): LoadSnapshot["lastSecondUs"] {
    // At the end what never ended is counted as long as it waited, which no second was like.
    const isLater = phase === "done" && this.#secondEndMs > 0;
    if (isLater || nowMs - this.#secondEndMs < SECOND_MS) return this.#lastSecond;
    this.#secondEndMs = nowMs;
    if (latencies.count("message") > 0) {
      this.#lastSecond = { ...NO_SECOND, ...this.#messages.take(latencies.histogram("message")) };
    } else {
      const { p99, max } = this.#delays.take(latencies.histogram("send"));
      this.#lastSecond = { ...NO_SECOND, delayP99: p99, delayMax: max };
    }
    return this.#lastSecond;
  }

  #cpuPercent(nowMs: number): number {
    // The last snapshot may follow shortly after the one before: too short a time to measure CPU.
    if (nowMs - this.#cpuReadMs >= MIN_CPU_MS) {
      this.#lastCpuPercent = this.#cpu.read().percent;
      this.#cpuReadMs = nowMs;
    }
    return this.#lastCpuPercent;
  }

  #rates(mark: Mark): (field: Exclude<keyof Mark, "atMs">) => number {
    // Keeps the youngest mark that is a whole window old, so that the window is never shorter.
    const youngest = this.#marks.findLastIndex(({ atMs }) => atMs <= mark.atMs - WINDOW_MS);
    this.#marks = [...this.#marks.slice(Math.max(0, youngest)), mark];
    const first = this.#marks[0]!;
    const seconds = (mark.atMs - first.atMs) / 1000;
    return (field) => (seconds > 0 ? Math.max(0, (mark[field] - first[field]) / seconds) : 0);
  }
}
