import { messageOf, TenkError } from "../../base/mod.ts";
import { openProcessReader } from "../../metrics/mod.ts";
import { dns } from "../dns/mod.ts";
import { http } from "../http/mod.ts";
import type { EndedBy, Protocol, Slice } from "../loop/mod.ts";
import { type LoadPlan, namesRate, preflight, refusalText } from "../plan/mod.ts";
import { CpuMeter, IdleMeter, isIdleJudged } from "../result/mod.ts";
import { addressesOf } from "../target-addresses.ts";
import { tcp } from "../tcp/mod.ts";
import { webSocket } from "../websocket/mod.ts";
import { type LoadWorkers, prepareLoadWorkers } from "../workers/mod.ts";
import { amount, count, type Fields, finite, list, object, text } from "./check.ts";
import { malformed } from "./frame.ts";
import type { FromAgent } from "./messages.ts";
import { ReceivedFiles } from "./sent-files.ts";
import { writeState } from "./state.ts";

const STATE_MS = 250;
/** A timer may be late by a millisecond: the rest is waited for awake. */
const AWAKE_MS = 2;
const MAX_LOOPS = 256;

const PROTOCOLS: Readonly<Record<string, Protocol<LoadPlan>>> = {
  tcp: tcp as unknown as Protocol<LoadPlan>,
  http: http as unknown as Protocol<LoadPlan>,
  ws: webSocket as unknown as Protocol<LoadPlan>,
  dns: dns as unknown as Protocol<LoadPlan>,
};

type Message = Fields & { readonly kind: string };

/** One run on an agent: its part of a plan, as the controller says. */
export class AgentRun {
  /** Resolves when nothing of it runs any more. */
  readonly over: Promise<void>;
  readonly #over = Promise.withResolvers<void>();
  readonly #run: number;
  readonly #tell: (message: FromAgent) => void;
  readonly #process = openProcessReader();
  readonly #cpu = new CpuMeter();
  readonly #cpuNow = new CpuMeter();
  #plan: LoadPlan | undefined;
  #workers: LoadWorkers | undefined;
  #files: ReceivedFiles | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #idle: IdleMeter | undefined;
  #isClosed = false;
  #cpuPercentNow = 0;
  #rssBytes = 0;
  #startLateUs = 0;
  #sendStartMs = 0;
  #measured = { cpu: { percent: 0, seconds: 0, sendMs: 0 }, idleCores: undefined as number | undefined };
  #isDraining = false;

  /** @param tell sends to the controller */
  constructor(run: number, tell: (message: FromAgent) => void) {
    this.#run = run;
    this.#tell = tell;
    this.over = this.#over.promise;
  }

  /** Prepares, and tells the controller when that is done. Never throws: what is wrong is told. */
  async prepare(message: Message): Promise<void> {
    try {
      const kind = text(message.protocol, 20, "protocol");
      const protocol = Object.hasOwn(PROTOCOLS, kind) ? PROTOCOLS[kind] : undefined;
      if (protocol === undefined) throw malformed("an unknown protocol");
      this.#files = new ReceivedFiles(message.files);
      const given = this.#files.placed(planOf(message.plan));
      const startMs = performance.now();
      const addresses = await addressesOf(given);
      const lookupMs = addresses === undefined ? undefined : performance.now() - startMs;
      const slices = list(message.slices, MAX_LOOPS, "slices").map((each) => sliceOf(each, addresses));
      const own = slices.reduce((sum, { connections }) => sum + connections, 0);
      const { refusals, warnings } = preflight(shareOf(given, own, slices.length));
      if (refusals.length > 0) throw new TenkError("unsupported", refusals.map(refusalText).join("; "));
      this.#plan = given;
      // On threads of their own, so that the controller hears of this agent however busy they are.
      const workers = await prepareLoadWorkers(protocol, given, addresses, { isOnOwnThreads: true, slices });
      if (this.#isClosed) return workers.close();
      this.#follow(workers, lookupMs);
      this.#tell({ kind: "ready", run: this.#run, warnings: warnings.slice(0, 20) });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @throws {TenkError} for what no controller sends */
  took(message: Message): void {
    if (message.kind === "begin") this.#at(message, () => this.#begin(finite(message.atMs, "moment")));
    else if (message.kind === "send") this.#at(message, () => this.#send());
    else if (message.kind === "scale") this.#workers?.scaleRate(amount(message.factor, "factor", 1e12));
    else if (message.kind === "stop")
      this.#workers?.stop(message.endedBy === "message-stop" ? "message-stop" : "stopped");
    else if (message.kind === "close") this.close();
    else throw malformed(`a controller does not send ${message.kind}`);
  }

  /** Ends at once. Does nothing after the end. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#workers?.close();
    this.#process.close();
    this.#files?.[Symbol.dispose]();
    this.#over.resolve();
  }

  #follow(workers: LoadWorkers, lookupMs: number | undefined): void {
    this.#workers = workers;
    void workers.rampedUp.then(() => this.#tell({ kind: "ramped-up", run: this.#run }));
    void workers.sendingOver.then(() => this.#sendingOver());
    workers.done.then(
      (endedBy) => {
        this.#sendingOver();
        this.#tellState(endedBy, lookupMs, true);
        this.close();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** At that moment of this machine's monotonic clock; at once where it has passed. */
  #at(message: Message, what: () => void): void {
    const atMs = finite(message.atMs, "moment");
    const leftMs = atMs - performance.now();
    if (leftMs > 60_000) throw malformed("a moment that is far off");
    setTimeout(
      () => {
        while (performance.now() < atMs);
        if (!this.#isClosed) what();
      },
      Math.max(0, leftMs - AWAKE_MS),
    );
  }

  #begin(atMs: number): void {
    const workers = this.#workers;
    if (workers === undefined || this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#tellState(null, undefined), STATE_MS);
    void workers.start().then(() => {
      // They began before they said so.
      this.#startLateUs = Math.round((performance.now() - atMs) * 1000);
      this.#tell({ kind: "began", run: this.#run });
    });
  }

  #send(): void {
    void this.#workers?.startSending();
    this.#sendStartMs = performance.now();
    this.#cpu.read();
    this.#idle = this.#plan && isIdleJudged(this.#plan) ? new IdleMeter() : undefined;
    this.#tell({ kind: "sending", run: this.#run });
  }

  #sendingOver(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    if (this.#sendStartMs === 0) return;
    const sendMs = performance.now() - this.#sendStartMs;
    this.#measured = { cpu: { ...this.#cpu.read(), sendMs }, idleCores: this.#idle?.read() };
    if (!this.#isClosed) this.#tellState(null, undefined);
  }

  #tellState(endedBy: EndedBy, lookupMs: number | undefined, isLast = false): void {
    const workers = this.#workers;
    if (workers === undefined || this.#isClosed) return;
    const state = workers.state();
    if (lookupMs !== undefined) state.latencies.record("lookup", lookupMs * 1000);
    this.#cpuPercentNow = this.#cpuNow.read().percent;
    this.#rssBytes = Math.max(this.#rssBytes, this.#process.read().residentBytes ?? 0);
    const vitals = { ...this.#measured, cpuPercentNow: this.#cpuPercentNow, rssBytes: this.#rssBytes };
    const all = { ...state, ...vitals, startLateUs: this.#startLateUs, isDraining: this.#isDraining, endedBy, isLast };
    this.#tell({ kind: "state", run: this.#run, state: writeState(all) });
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const isOurs = error instanceof TenkError;
    const [code, hint] = isOurs ? [error.code, error.hint] : (["worker-failed", undefined] as const);
    this.#tell({ kind: "failed", run: this.#run, code, message: messageOf(error).slice(0, 5000), hint });
    this.close();
  }
}

/** The controller is of the same version and has the key: only what could harm this machine is checked. */
function planOf(value: unknown): LoadPlan {
  const plan = object(value, "plan");
  text(plan.host, 300, "host");
  count(plan.connections, "connections", 10_000_000);
  count(plan.workers, "workers", MAX_LOOPS);
  amount(plan.connectRate, "connect rate", Number.POSITIVE_INFINITY);
  list(plan.sourceAddresses, 10_000, "source addresses");
  object(plan.traffic, "traffic");
  return plan as unknown as LoadPlan;
}

function sliceOf(value: unknown, addresses: readonly string[] | undefined): Slice {
  const { worker, workers, connections, firstConnection, maxMessages } = object(value, "slice");
  return {
    worker: count(worker, "slice"),
    workers: count(workers, "slice"),
    connections: count(connections, "slice", 10_000_000),
    firstConnection: count(firstConnection, "slice"),
    maxMessages: amount(maxMessages, "slice", Number.POSITIVE_INFINITY),
    addresses,
  };
}

/** The plan as its own machine has to carry it. */
function shareOf(plan: LoadPlan, connections: number, workers: number): LoadPlan {
  const share = connections / plan.connections;
  const { totalRate, connectRate, shape } = plan;
  const own = { ...plan, connections, workers, connectRate: connectRate * share };
  return totalRate === undefined || namesRate(shape) ? own : { ...own, totalRate: totalRate * share };
}
