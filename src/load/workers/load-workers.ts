import type { Histogram } from "hdr-histogram-js";
import { messageOf, TenkError } from "../../base/mod.ts";
import { type EndedBy, LoadLoop, type Protocol, type Slice, slicesOf, type Tap } from "../loop/mod.ts";
import {
  addEncoded,
  type EncodedHistogram,
  type EncodedLatencies,
  emptyHistogram,
  Latencies,
  Tally,
  type TallyFields,
} from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import { errorFrom, type FromLoadWorker, type ToLoadWorker } from "./worker-messages.ts";

/** What all event loops together have done so far. */
export interface LoadState {
  readonly tally: Tally;
  readonly latencies: Latencies;
  readonly lag: Histogram;
  readonly debt: number;
}

/** What one machine of several has done so far, and what it cost there. */
export interface AgentState extends LoadState {
  readonly name: string;
  /** Where it was seen to come from. */
  readonly address: string;
  readonly workers: number;
  readonly connections: number;
  readonly cores: number;
  /** CPU over the sending phase, which took `sendMs`; all 0 until that is over. */
  readonly cpu: { readonly percent: number; readonly seconds: number; readonly sendMs: number };
  /** Of one core, lately. */
  readonly cpuPercentNow: number;
  /** Cores that were idle over the sending phase; undefined where it is not judged. */
  readonly idleCores: number | undefined;
  readonly rssBytes: number;
  /** How late its loops began to connect by its own clock, at most. */
  readonly startLateUs: number;
  /** How exactly its clock is known: half of the shortest round trip, and what clocks drift since. */
  readonly clockBoundUs: number;
  /** The time of day there, less that here. */
  readonly wallOffsetMs: number;
  /** Why it left before the end; undefined where it did not. */
  readonly lost: string | undefined;
}

/** The machines of a run. */
export interface AgentsState {
  /** Their loops began within this time of each other. */
  readonly startedWithinUs: number;
  readonly each: readonly AgentState[];
}

/** The event loops of a run: this thread's own, or several workers. */
export interface LoadWorkers {
  /** Resolves when every connection is open or has failed. */
  readonly rampedUp: Promise<void>;
  /** Resolves when nothing more is planned: the end is awaited. */
  readonly sendingOver: Promise<void>;
  /** Resolves when all is closed. Rejects when a worker failed. */
  readonly done: Promise<EndedBy>;
  /** Resolves when every loop has begun to connect. */
  start(): Promise<void>;
  /** Resolves when the duration begins. */
  startSending(): Promise<void>;
  scaleRate(factor: number): void;
  stop(endedBy: EndedBy): void;
  state(): LoadState;
  /** Ends at once what still runs, after a failure. Does nothing after the end. */
  close(): void;
  /** Of a run on several machines: what each of them has done so far. */
  readonly agents?: () => AgentsState;
}

export interface PrepareOptions {
  readonly tap?: Tap | undefined;
  readonly isOnOwnThreads?: boolean;
  /** What each loop does. @default {the whole plan, in one part for each of its workers} */
  readonly slices?: readonly Slice[];
}

/**
 * Prepares the event loops of a run; `start` starts them.
 *
 * @param addresses of the target, where it is a name
 * @throws {TenkError} when a worker cannot be started
 */
export async function prepareLoadWorkers<Plan extends LoadPlan>(
  protocol: Protocol<Plan>,
  plan: Plan,
  addresses?: readonly string[],
  { tap, isOnOwnThreads = false, slices = slicesOf(plan, addresses) }: PrepareOptions = {},
): Promise<LoadWorkers> {
  if (slices.length === 1 && !isOnOwnThreads) {
    const slice = slices[0]!;
    return localWorker(protocol, plan, slice, tap, await protocol.prepare?.(plan, slice));
  }
  if (tap) throw new TenkError("usage", "Traffic can only be shown with one worker", { hint: "leave out -w" });
  const workers = new WorkerThreads(protocol.workerProgram);
  try {
    // One after the other: several at once have crashed the runtime under load (oven-sh/bun#41022).
    for (const slice of slices) await workers.prepare({ kind: "prepare", plan, slice });
    return workers;
  } catch (error) {
    workers.close();
    throw error;
  }
}

/** One loop on this thread: nothing is copied or posted. */
function localWorker<Plan extends LoadPlan>(
  protocol: Protocol<Plan>,
  plan: Plan,
  slice: Slice,
  tap: Tap | undefined,
  prepared: unknown,
): LoadWorkers {
  const rampedUp = Promise.withResolvers<void>();
  const sendingOver = Promise.withResolvers<void>();
  const done = Promise.withResolvers<EndedBy>();
  const hooks = {
    rampedUp: rampedUp.resolve,
    sendingOver: sendingOver.resolve,
    failed: done.reject,
    done: done.resolve,
    tap,
  };
  // It may fail while nobody waits for the end.
  done.promise.catch(() => {});
  const loop = new LoadLoop(plan, slice, protocol.onLoop(plan, slice, prepared), hooks);
  return {
    rampedUp: rampedUp.promise,
    sendingOver: sendingOver.promise,
    done: done.promise,
    start: async () => loop.start(),
    startSending: async () => loop.startSending(),
    scaleRate: (factor) => loop.scaleRate(factor),
    stop: (endedBy) => loop.stop(endedBy),
    close: () => loop.close(),
    state: () => ({ tally: loop.refresh(), latencies: loop.latencies, lag: loop.lag, debt: loop.debt }),
  };
}

/** A worker thread and the last state that it posted. */
interface Thread {
  readonly worker: Worker;
  tally: TallyFields | undefined;
  latencies: EncodedLatencies | undefined;
  lag: EncodedHistogram | undefined;
  debt: number;
  began: boolean;
  rampedUp: boolean;
  draining: boolean;
  endedBy: EndedBy | undefined;
}

/** Several loops, each on a thread of its own, which posts its state four times a second and once more at the end. */
class WorkerThreads implements LoadWorkers {
  readonly #program: string;
  readonly #threads: Thread[] = [];
  readonly #began = Promise.withResolvers<void>();
  readonly #rampedUp = Promise.withResolvers<void>();
  readonly #sendingOver = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<EndedBy>();
  readonly rampedUp = this.#rampedUp.promise;
  readonly sendingOver = this.#sendingOver.promise;
  readonly done = this.#done.promise;
  #closed = false;

  /** @param program URL of what each thread runs */
  constructor(program: string) {
    this.#program = program;
    // A worker may fail before anybody waits for the end, or after everybody stopped waiting.
    this.done.catch(() => {});
  }

  close(): void {
    this.#closed = true;
    for (const { worker, endedBy } of this.#threads) if (endedBy === undefined) worker.terminate();
  }

  start(): Promise<void> {
    this.#post({ kind: "start" });
    return this.#began.promise;
  }

  async startSending(): Promise<void> {
    this.#post({ kind: "send" });
  }

  scaleRate(factor: number): void {
    this.#post({ kind: "scale", factor });
  }

  stop(endedBy: EndedBy): void {
    this.#post({ kind: "stop", endedBy });
  }

  state(): LoadState {
    const state = { tally: new Tally(), latencies: new Latencies(), lag: emptyHistogram(), debt: 0 };
    for (const thread of this.#threads) {
      if (thread.tally) state.tally.add(thread.tally);
      if (thread.latencies) state.latencies.add(Latencies.decode(thread.latencies));
      addEncoded(state.lag, thread.lag);
      state.debt += thread.debt;
    }
    return state;
  }

  #post(message: ToLoadWorker): void {
    for (const { worker } of this.#threads) worker.postMessage(message);
  }

  /** Starts one more thread. Resolves when it is ready. */
  prepare(message: ToLoadWorker): Promise<void> {
    const worker = new Worker(this.#program);
    const thread: Thread = {
      worker,
      tally: undefined,
      latencies: undefined,
      lag: undefined,
      debt: 0,
      began: false,
      rampedUp: false,
      draining: false,
      endedBy: undefined,
    };
    this.#threads.push(thread);
    const ready = Promise.withResolvers<void>();
    worker.addEventListener("message", (event: MessageEvent<FromLoadWorker>) => {
      if (event.data.kind === "ready") ready.resolve();
      else if (event.data.kind === "failed") fail(errorFrom(event.data));
      else this.#take(thread, event.data);
    });
    const fail = (error: TenkError) => {
      ready.reject(error);
      this.#done.reject(error);
    };
    const failed = (why: string) => fail(new TenkError("worker-failed", `A load worker failed: ${why}`));
    worker.addEventListener("error", (event: ErrorEvent) => {
      event.preventDefault();
      failed(messageOf(event.error ?? event.message));
    });
    worker.addEventListener("close", () => {
      if (!this.#closed && thread.endedBy === undefined) failed("it ended before its run did");
    });
    worker.postMessage(message);
    return ready.promise;
  }

  #take(thread: Thread, message: Exclude<FromLoadWorker, { kind: "ready" | "failed" }>): void {
    if (message.kind === "began") {
      thread.began = true;
      if (this.#threads.every((each) => each.began)) this.#began.resolve();
      return;
    }
    if (message.kind === "ramped-up") {
      thread.rampedUp = true;
      if (this.#threads.every((each) => each.rampedUp)) this.#rampedUp.resolve();
      return;
    }
    thread.tally = message.tally;
    thread.latencies = message.latencies;
    thread.lag = message.lag;
    thread.debt = message.debt;
    thread.draining = message.draining;
    if (this.#threads.every((each) => each.draining)) this.#sendingOver.resolve();
    if (message.endedBy === undefined) return;
    thread.endedBy = message.endedBy;
    thread.worker.terminate();
    if (this.#threads.every((each) => each.endedBy !== undefined)) this.#done.resolve(this.#commonEnd());
    else if (message.endedBy === "message-stop") this.stop("message-stop");
  }

  /** A worker that read the stop text ends the run; lost connections end it only when every worker has lost all. */
  #commonEnd(): EndedBy {
    const ends = this.#threads.map((thread) => thread.endedBy ?? null);
    if (ends.includes("message-stop")) return "message-stop";
    const first = ends.find((end) => end !== "no-connections");
    return first === undefined ? "no-connections" : first;
  }
}
