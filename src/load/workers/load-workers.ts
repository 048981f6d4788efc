import type { Histogram } from "hdr-histogram-js";
import { messageOf, sourceUrl, TenkError } from "../../base/mod.ts";
import { type EndedBy, LoadLoop, slicesOf, type Tap, tcpProtocol } from "../loop/mod.ts";
import {
  addEncoded,
  type EncodedLatencies,
  emptyHistogram,
  Latencies,
  Tally,
  type TallyFields,
} from "../measure/mod.ts";
import type { TcpPlan } from "../plan/mod.ts";
import type { FromLoadWorker, ToLoadWorker } from "./worker-messages.ts";

/** What all event loops together have done so far. */
export interface CrewState {
  readonly tally: Tally;
  readonly latencies: Latencies;
  readonly lag: Histogram;
  readonly debt: number;
}

/** The event loops of a run: this thread's own, or several workers. */
export interface Crew {
  /** Resolves when every connection is open or has failed. */
  readonly rampedUp: Promise<void>;
  /** Resolves when nothing more is planned: the end is awaited. */
  readonly sendingOver: Promise<void>;
  /** Resolves when all is closed. Rejects when a worker failed. */
  readonly done: Promise<EndedBy>;
  start(): void;
  startSending(): void;
  scaleRate(factor: number): void;
  stop(endedBy: EndedBy): void;
  state(): CrewState;
  /** Ends at once what still runs: the run failed. After the end it does nothing. */
  close(): void;
}

/** @throws {TenkError} when a worker cannot be started */
export async function assembleCrew(
  plan: TcpPlan,
  addresses: readonly string[] | undefined,
  tap: Tap | undefined,
): Promise<Crew> {
  if (plan.workers === 1) return soloCrew(plan, addresses, tap);
  if (tap) throw new TenkError("usage", "Traffic can only be shown with one worker", { hint: "leave out -w" });
  return await WorkerCrew.assemble(plan, addresses);
}

/** One loop on this thread: nothing is copied or posted. */
function soloCrew(plan: TcpPlan, addresses: readonly string[] | undefined, tap: Tap | undefined): Crew {
  const rampedUp = Promise.withResolvers<void>();
  const sendingOver = Promise.withResolvers<void>();
  const done = Promise.withResolvers<EndedBy>();
  const hooks = { rampedUp: rampedUp.resolve, sendingOver: sendingOver.resolve, done: done.resolve, tap };
  const loop = new LoadLoop(plan, slicesOf(plan, addresses)[0]!, tcpProtocol(plan, 0), hooks);
  return {
    rampedUp: rampedUp.promise,
    sendingOver: sendingOver.promise,
    done: done.promise,
    start: () => loop.start(),
    startSending: () => loop.startSending(),
    scaleRate: (factor) => loop.scaleRate(factor),
    stop: (endedBy) => loop.stop(endedBy),
    close: () => loop.close(),
    state: () => ({ tally: loop.refresh(), latencies: loop.latencies, lag: loop.lag, debt: loop.debt }),
  };
}

/** What was last heard of a worker. */
interface Member {
  readonly worker: Worker;
  tally: TallyFields | undefined;
  latencies: EncodedLatencies | undefined;
  lag: string;
  debt: number;
  rampedUp: boolean;
  draining: boolean;
  endedBy: EndedBy | undefined;
}

/** Several loops, each on a thread of its own; what they counted comes four times a second and once more at the end. */
class WorkerCrew implements Crew {
  readonly #members: Member[] = [];
  readonly #rampedUp = Promise.withResolvers<void>();
  readonly #sendingOver = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<EndedBy>();
  readonly rampedUp = this.#rampedUp.promise;
  readonly sendingOver = this.#sendingOver.promise;
  readonly done = this.#done.promise;
  #closed = false;

  constructor() {
    // A worker may fail before anybody waits for the end, or after everybody stopped waiting.
    this.done.catch(() => {});
  }

  /** One after the other: several at once have crashed the runtime under load (oven-sh/bun#41022). */
  static async assemble(plan: TcpPlan, addresses: readonly string[] | undefined): Promise<Crew> {
    const crew = new WorkerCrew();
    try {
      for (const slice of slicesOf(plan, addresses)) await crew.#join({ kind: "prepare", plan, slice });
      return crew;
    } catch (error) {
      crew.close();
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    for (const { worker, endedBy } of this.#members) if (endedBy === undefined) worker.terminate();
  }

  start(): void {
    this.#tell({ kind: "start" });
  }

  startSending(): void {
    this.#tell({ kind: "send" });
  }

  scaleRate(factor: number): void {
    this.#tell({ kind: "scale", factor });
  }

  stop(endedBy: EndedBy): void {
    this.#tell({ kind: "stop", endedBy });
  }

  state(): CrewState {
    const state = { tally: new Tally(), latencies: new Latencies(), lag: emptyHistogram(), debt: 0 };
    for (const member of this.#members) {
      if (member.tally) state.tally.add(member.tally);
      if (member.latencies) state.latencies.add(Latencies.decode(member.latencies));
      addEncoded(state.lag, member.lag);
      state.debt += member.debt;
    }
    return state;
  }

  #tell(message: ToLoadWorker): void {
    for (const { worker } of this.#members) worker.postMessage(message);
  }

  #join(prepare: ToLoadWorker): Promise<void> {
    const worker = new Worker(sourceUrl("load/workers/worker.ts"));
    const member: Member = {
      worker,
      tally: undefined,
      latencies: undefined,
      lag: "",
      debt: 0,
      rampedUp: false,
      draining: false,
      endedBy: undefined,
    };
    this.#members.push(member);
    const ready = Promise.withResolvers<void>();
    worker.addEventListener("message", (event: MessageEvent<FromLoadWorker>) => {
      if (event.data.kind === "ready") ready.resolve();
      else this.#heard(member, event.data);
    });
    const failed = (why: string) => {
      const error = new TenkError("worker-failed", `A load worker failed: ${why}`);
      ready.reject(error);
      this.#done.reject(error);
    };
    worker.addEventListener("error", (event: ErrorEvent) => {
      event.preventDefault();
      failed(messageOf(event.error ?? event.message));
    });
    worker.addEventListener("close", () => {
      if (!this.#closed && member.endedBy === undefined) failed("it ended before its run did");
    });
    worker.postMessage(prepare);
    return ready.promise;
  }

  #heard(member: Member, message: Exclude<FromLoadWorker, { kind: "ready" }>): void {
    if (message.kind === "ramped-up") {
      member.rampedUp = true;
      if (this.#members.every((each) => each.rampedUp)) this.#rampedUp.resolve();
      return;
    }
    member.tally = message.tally;
    member.latencies = message.latencies;
    member.lag = message.lag;
    member.debt = message.debt;
    member.draining = message.draining;
    if (this.#members.every((each) => each.draining)) this.#sendingOver.resolve();
    if (message.endedBy === undefined) return;
    member.endedBy = message.endedBy;
    member.worker.terminate();
    if (this.#members.every((each) => each.endedBy !== undefined)) this.#done.resolve(this.#commonEnd());
    else if (message.endedBy === "message-stop") this.stop("message-stop");
  }

  /** One worker that lost all its connections does not end the run, the last one does; one that read the text to stop at does. */
  #commonEnd(): EndedBy {
    const ends = this.#members.map((member) => member.endedBy ?? null);
    if (ends.includes("message-stop")) return "message-stop";
    const first = ends.find((end) => end !== "no-connections");
    return first === undefined ? "no-connections" : first;
  }
}
