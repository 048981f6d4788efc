import { type ErrorCode, logOf, TenkError } from "../../base/mod.ts";
import { type EndedBy, slicesOf } from "../loop/mod.ts";
import { emptyHistogram, Latencies, Tally } from "../measure/mod.ts";
import { type LoadPlan, refuse } from "../plan/mod.ts";
import type { AgentState, AgentsState, LoadState, LoadWorkers } from "../workers/mod.ts";
import { count, type Fields, list, object } from "./check.ts";
import { malformed } from "./frame.ts";
import { type SentFile, shown } from "./messages.ts";
import type { RemoteAgent } from "./remote-agent.ts";
import { sendable } from "./sent-files.ts";
import { type AgentProgress, readState } from "./state.ts";

const log = logOf("load");

/** From the agreement on a moment until then: time for the message to arrive, whatever else travels. */
const LEAD_MS = 150;
/** Long plans take long to be read, and scripts may do much at their start. */
const PREPARE_MS = 120_000;

/** An agent in a run. */
interface Member {
  readonly agent: RemoteAgent;
  readonly connections: number;
  progress: AgentProgress;
  isReady: boolean;
  hasBegun: boolean;
  isSending: boolean;
  isRampedUp: boolean;
  isDone: boolean;
  /** How well its clock was known when it began. */
  clockBoundUs: number;
  /** Why it left before its end. */
  lost: string | undefined;
}

const NOTHING_YET: Omit<AgentProgress, "tally" | "latencies" | "lag"> = {
  debt: 0,
  cpu: { percent: 0, seconds: 0, sendMs: 0 },
  cpuPercentNow: 0,
  idleCores: undefined,
  rssBytes: 0,
  startLateUs: 0,
  isDraining: false,
  endedBy: null,
  isLast: false,
};

/**
 * Cuts a plan into parts for agents and has them prepare it: each has as many event loops as the plan has workers, and each loop one
 * slice of all.
 *
 * @throws {TenkError} where one of them cannot do its part
 */
export async function prepareAgentWorkers(
  plan: LoadPlan,
  agents: readonly RemoteAgent[],
  run: number,
): Promise<LoadWorkers> {
  const loops = plan.workers * agents.length;
  if (loops > plan.connections)
    refuse(
      `${agents.length} agents with ${plan.workers} event loops each share ${plan.connections} connections`,
      `-c ${loops} at least`,
    );
  const { plan: sent, files } = sendable(plan);
  const workers = new AgentWorkers(plan, agents, run);
  try {
    await workers.prepare(sent, files);
    return workers;
  } catch (error) {
    workers.close();
    throw error;
  }
}

/** The event loops of several agents. */
class AgentWorkers implements LoadWorkers {
  readonly #plan: LoadPlan;
  readonly #run: number;
  readonly #members: readonly Member[];
  readonly #ready = Promise.withResolvers<void>();
  readonly #began = Promise.withResolvers<void>();
  readonly #sending = Promise.withResolvers<void>();
  readonly #rampedUp = Promise.withResolvers<void>();
  readonly #sendingOver = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<EndedBy>();
  readonly rampedUp = this.#rampedUp.promise;
  readonly sendingOver = this.#sendingOver.promise;
  readonly done = this.#done.promise;

  constructor(plan: LoadPlan, agents: readonly RemoteAgent[], run: number) {
    this.#plan = plan;
    this.#run = run;
    const slices = slicesOf({ ...plan, workers: agents.length });
    this.#members = agents.map((agent, index) => ({
      agent,
      connections: slices[index]!.connections,
      progress: { ...NOTHING_YET, tally: new Tally(), latencies: new Latencies(), lag: emptyHistogram() },
      isReady: false,
      hasBegun: false,
      isSending: false,
      isRampedUp: false,
      isDone: false,
      clockBoundUs: 0,
      lost: undefined,
    }));
    for (const member of this.#members) {
      member.agent.events = {
        message: (message) => this.#took(member, message),
        lost: (why) => this.#lost(member, why),
      };
    }
    // It may fail while nobody waits for the end.
    for (const { promise } of [this.#ready, this.#began, this.#sending, this.#done]) promise.catch(() => {});
  }

  async prepare(plan: LoadPlan, files: readonly SentFile[]): Promise<void> {
    const { workers } = this.#plan;
    const slices = slicesOf({ ...plan, workers: workers * this.#members.length });
    for (const [index, { agent }] of this.#members.entries()) {
      const own = slices.slice(index * workers, (index + 1) * workers);
      agent.send({ kind: "prepare", run: this.#run, protocol: plan.traffic.kind, plan, slices: own, files });
    }
    const timer = setTimeout(() => this.#fail(this.#unready()), PREPARE_MS);
    try {
      await this.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async start(): Promise<void> {
    await this.#at("begin");
    for (const member of this.#members) member.clockBoundUs = member.agent.clock.boundMs(performance.now()) * 1000;
    await this.#began.promise;
  }

  async startSending(): Promise<void> {
    await this.#at("send");
    await this.#sending.promise;
  }

  scaleRate(factor: number): void {
    this.#toAll({ kind: "scale", run: this.#run, factor });
  }

  stop(endedBy: EndedBy): void {
    this.#toAll({ kind: "stop", run: this.#run, endedBy });
  }

  state(): LoadState {
    const state = { tally: new Tally(), latencies: new Latencies(), lag: emptyHistogram(), debt: 0 };
    for (const { progress } of this.#members) {
      state.tally.add(progress.tally);
      state.latencies.add(progress.latencies);
      state.lag.add(progress.lag);
      state.debt += progress.debt;
    }
    return state;
  }

  readonly agents = (): AgentsState => {
    const each = this.#members.map((member) => this.#stateOf(member));
    const late = each.map(({ clockBoundUs, startLateUs }) => clockBoundUs + startLateUs);
    // One may have begun as late as that, and another as early as its clock was wrong.
    const startedWithinUs = Math.max(...late) + Math.max(...each.map(({ clockBoundUs }) => clockBoundUs));
    return { startedWithinUs, each };
  };

  close(): void {
    for (const { agent, isDone } of this.#members) {
      if (!isDone) agent.send({ kind: "close", run: this.#run });
      agent.events = undefined;
    }
  }

  /** Measures all clocks, then agrees on a moment. Resolves when it has come. */
  async #at(kind: "begin" | "send"): Promise<void> {
    const members = this.#members.filter(({ agent }) => agent.lost === undefined);
    await Promise.all(members.map(({ agent }) => agent.measureClock()));
    const atMs = performance.now() + LEAD_MS;
    for (const { agent } of members) agent.send({ kind, run: this.#run, atMs: agent.clock.theirs(atMs) });
    await new Promise((resolve) => setTimeout(resolve, atMs - performance.now()));
  }

  #toAll(message: Parameters<RemoteAgent["send"]>[0]): void {
    for (const { agent } of this.#members) agent.send(message);
  }

  #stateOf({ agent, progress, connections, clockBoundUs, lost }: Member): AgentState {
    const { name, address, cores, wallOffsetMs } = agent;
    const about = { name, address, cores, wallOffsetMs: Math.round(wallOffsetMs), lost };
    return { ...progress, ...about, workers: this.#plan.workers, connections, clockBoundUs };
  }

  /** @throws {TenkError} for what no agent sends */
  #took(member: Member, message: Fields & { readonly kind: string }): void {
    // What came late of a run before.
    if (count(message.run, "run") !== this.#run || member.isDone) return;
    switch (message.kind) {
      case "ready":
        this.#logWarnings(member, message);
        member.isReady = true;
        break;
      case "began":
        member.hasBegun = true;
        break;
      case "sending":
        member.isSending = true;
        break;
      case "ramped-up":
        member.isRampedUp = true;
        break;
      case "state":
        this.#progressed(member, readState(object(message.state, "state")));
        break;
      case "failed":
        this.#fail(errorOf(member.agent.name, message));
        break;
      default:
        throw malformed(`an agent does not send ${message.kind}`);
    }
    this.#settle();
  }

  #logWarnings({ agent: { name } }: Member, { warnings }: Fields): void {
    for (const each of list(warnings, 20, "warnings")) {
      const { what, command } = object(each, "warning");
      const fix = shown(command, 1000, "fix");
      log.warn(shown(what, 1000, "warning"), { agent: name, ...(fix === "" ? {} : { fix }) });
    }
  }

  #progressed(member: Member, progress: AgentProgress): void {
    member.progress = progress;
    if (!progress.isLast) return;
    member.isDone = true;
    if (progress.endedBy === "message-stop") this.stop("message-stop");
  }

  #lost(member: Member, why: string): void {
    if (member.isDone) return;
    member.isDone = true;
    member.lost = why;
    if (!member.hasBegun) this.#fail(new TenkError("worker-failed", `Agent ${member.agent.name} was lost: ${why}`));
    // A run that lacks one shows nothing, but what it has measured by then.
    this.stop("stopped");
    this.#settle();
  }

  #fail(error: TenkError): void {
    for (const { reject } of [this.#ready, this.#began, this.#sending, this.#done]) reject(error);
  }

  #settle(): void {
    const each = (is: (member: Member) => boolean) => this.#members.every((member) => member.isDone || is(member));
    if (each(({ isReady }) => isReady)) this.#ready.resolve();
    if (each(({ hasBegun }) => hasBegun)) this.#began.resolve();
    if (each(({ isSending }) => isSending)) this.#sending.resolve();
    if (each(({ isRampedUp }) => isRampedUp)) this.#rampedUp.resolve();
    if (each(({ progress }) => progress.isDraining)) this.#sendingOver.resolve();
    if (each(() => false)) this.#done.resolve(this.#commonEnd());
  }

  /** One that read the stop text ends the run; lost connections end it only when all have lost theirs. */
  #commonEnd(): EndedBy {
    if (this.#members.some(({ lost }) => lost !== undefined)) return "agent-lost";
    const ends = this.#members.map(({ progress }) => progress.endedBy);
    if (ends.includes("message-stop")) return "message-stop";
    const first = ends.find((end) => end !== "no-connections");
    return first === undefined ? "no-connections" : first;
  }

  #unready(): TenkError {
    const names = this.#members.filter(({ isReady }) => !isReady).map(({ agent }) => agent.name);
    return new TenkError("worker-failed", `Not ready after ${PREPARE_MS / 1000} s: agent ${names.join(", ")}`);
  }
}

/** Codes that an agent may give its errors; another one is `worker-failed`. */
const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  "usage",
  "invalid-option",
  "file-unreadable",
  "unsupported",
  "name-not-found",
]);

function errorOf(name: string, { code, message, hint }: Fields): TenkError {
  const text = `Agent ${name}: ${shownLines(message)}`;
  const known = typeof code === "string" && CODES.has(code) ? (code as ErrorCode) : "worker-failed";
  return new TenkError(known, text, hint === undefined ? {} : { hint: shown(hint, 1000, "hint") });
}

/** A script's error has the lines of its file. */
function shownLines(message: unknown): string {
  const lines = typeof message === "string" ? message.slice(0, 5000).split("\n") : [""];
  return lines.map((line) => shown(line, 5000, "message")).join("\n");
}
