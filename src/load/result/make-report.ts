import { formatDuration } from "../../base/mod.ts";
import type { EndedBy, ProtocolResult, SentCounts } from "../loop/mod.ts";
import { LATENCIES, Latencies, type Tally } from "../measure/mod.ts";
import {
  evaluate,
  isUsual,
  type LoadPlan,
  type Measured,
  notJudged,
  parseExpectation,
  percentilesIn,
  shapeOf,
  type Traffic,
} from "../plan/mod.ts";
import type { ProtocolReport, Report, Verdict } from "../report.ts";
import type { AgentsState, LoadState } from "../workers/mod.ts";
import { agentReport } from "./agent-report.ts";
import { generatorOf, generatorOfAgents } from "./generator.ts";
import type { TargetStats } from "./instance-stats.ts";
import { messagesBack } from "./messages-back.ts";

/** All that a report is made of. */
export interface Result {
  readonly plan: LoadPlan;
  readonly state: LoadState;
  readonly endedBy: EndedBy;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly version: string | undefined;
  readonly targetStats: TargetStats;
  /** Over the sending phase. */
  readonly cpu: { readonly percent: number; readonly seconds: number };
  /** Cores of this machine that were idle over the sending phase, on average; undefined where it is not judged. */
  readonly idleCores: number | undefined;
  /** The process does other work too, so that its CPU time says nothing about the generator. */
  readonly isCpuShared: boolean;
  readonly rssBytes: number;
  /** Of the machines that ran it, where it was not this one. */
  readonly agents?: AgentsState | undefined;
  readonly connectMs: number;
  /** 0 where the run was stopped while it connected. */
  readonly sendMs: number;
  readonly drainMs: number;
  /** Makes the protocol's own section. */
  readonly protocol?: ((result: ProtocolResult) => ProtocolReport) | undefined;
}

export function makeReport(result: Result): Report {
  const { plan } = result;
  const measured = measuredOf(result);
  return { ...measured, verdict: verdictOf(measured, plan, result.targetStats) };
}

/** What the target must have counted. */
export function sentCounts(tally: Tally, { lengthBytes }: Traffic): SentCounts {
  const { sent, bytesSent, firstBytesSent: firstBytes, byProtocol } = tally;
  return { sent, bytes: bytesSent - firstBytes, firstBytes, lengthBytes, byProtocol };
}

function measuredOf(result: Result): Measured {
  const { plan, state, sendMs, endedBy } = result;
  const { traffic } = plan;
  const { tally } = state;
  const { countedSent, overMs } = rateBasis(result);
  const server = result.targetStats.report(sentCounts(tally, traffic));
  return {
    kind: traffic.kind,
    target: plan.target,
    startedAt: new Date(result.startedAt).toISOString(),
    ...(result.version === undefined ? {} : { version: result.version }),
    plan: planOf(plan),
    connections: {
      opened: tally.opened,
      reopened: tally.reopened,
      peak: Math.min(tally.peak, plan.connections),
      held: tally.held,
      failed: tally.failed,
      lost: tally.lost,
      byCause: tally.byCause,
      ...(Object.keys(tally.byAddress).length > 0 ? { byAddress: tally.byAddress } : {}),
    },
    messages: {
      planned: tally.planned,
      sent: tally.sent,
      late: tally.late,
      lateForReply: tally.lateForReply,
      dropped: tally.droppedInAll,
      received: messagesBack(tally, traffic),
      answersTold: traffic.answersTold,
      answered: traffic.answersTold ? tally.received - tally.unexpected : 0,
      unanswered: tally.unanswered,
      unexpected: tally.unexpected,
      droppedBy: tally.dropped,
      perSecondSent: overMs > 0 ? (countedSent * 1000) / overMs : 0,
    },
    bytes: { sent: tally.bytesSent, received: tally.bytesReceived },
    latencyUs: latenciesOf(result),
    ...protocolOf(result),
    server,
    ...(server === null ? { serverNote: result.targetStats.note } : {}),
    ...generatorsOf(result),
    timing: { connectMs: result.connectMs, sendMs, drainMs: result.drainMs },
    endedBy,
  };
}

function protocolOf(result: Result): Pick<Report, "protocol"> {
  const { tally, latencies } = result.state;
  if (result.protocol === undefined) return {};
  const protocol = result.protocol({
    counts: tally.byProtocol,
    latencies,
    answered: tally.received - tally.unexpected,
    perSecond: result.sendMs > 0 ? (tally.answeredWhileSending * 1000) / result.sendMs : 0,
    percentiles: percentilesOf(result.plan),
  });
  return { protocol };
}

/** The time over which the rate is computed: the sending phase or, if the run was stopped before it, the ramp-up. */
function rateBasis({ state: { tally }, sendMs, connectMs }: Result): { countedSent: number; overMs: number } {
  if (sendMs > 0) return { countedSent: tally.sentWhileSending, overMs: sendMs };
  return { countedSent: tally.sent, overMs: connectMs };
}

function planOf(plan: LoadPlan): Report["plan"] {
  const shape = shapeOf(plan);
  const { preview, lengthBytes } = plan.traffic;
  return {
    connections: plan.connections,
    ratePerConnection: plan.pace === "per-connection" ? (plan.ratePerConnection ?? shape.peakPerSecond) : 0,
    connectRate: plan.connectRate,
    durationMs: Number.isFinite(plan.durationMs) ? plan.durationMs : null,
    totalRate: plan.pace === "total" ? shape.peakPerSecond : 0,
    shape: plan.shape,
    workers: plan.workers,
    message: preview,
    ...(lengthBytes ? { messageBytes: lengthBytes } : {}),
    ...(Number.isFinite(plan.maxMessages) ? { maxMessages: plan.maxMessages } : {}),
  };
}

/** Percentiles that were asked for beside the usual ones. */
function percentilesOf(plan: LoadPlan): number[] {
  const asked = [...plan.percentiles.filter((percent) => !isUsual(percent)), ...percentilesIn(plan.expectations)];
  return [...new Set(asked)].sort((a, b) => a - b);
}

function latenciesOf({ plan, state }: Result): Report["latencyUs"] {
  const more = percentilesOf(plan);
  const summaries = LATENCIES.map((name) => [name, state.latencies.summary(name, more)] as const);
  const all = Object.fromEntries(summaries) as Report["latencyUs"];
  const { count, atLeast } = all.firstByte;
  // A target that answers nothing owes no first byte, unless answers were awaited.
  const isSilent = count === (atLeast?.count ?? 0) && !plan.traffic.answersTold;
  return isSilent ? { ...all, firstByte: new Latencies().summary("firstByte", more) } : all;
}

function generatorsOf(result: Result): Pick<Report, "generator" | "agents"> {
  const { plan, state, cpu, idleCores, rssBytes, isCpuShared, agents, sendMs } = result;
  const { countedSent } = rateBasis(result);
  if (agents !== undefined) {
    const each = agents.each.map((agent) => agentReport(agent, plan));
    const generator = generatorOfAgents(agents.each, each, state, countedSent);
    return { generator, agents: { startedWithinUs: agents.startedWithinUs, each } };
  }
  const { tally, lag } = state;
  return { generator: generatorOf(plan, { tally, lag, cpu, sendMs, idleCores, rssBytes, isCpuShared, countedSent }) };
}

function verdictOf(measured: Measured, plan: LoadPlan, { expectations }: TargetStats): Verdict {
  const beside = measured.server === null ? [] : expectations.map(parseExpectation);
  const checks = [...plan.expectations, ...beside].map((expectation) => evaluate(expectation, measured));
  const failed = checks.filter((check) => !check.pass).map((check) => check.expect);
  return {
    pass: failed.length === 0 && !isCutShort(measured),
    checks,
    reason: reasonFor(measured, failed, notJudged(plan.expectations, plan.traffic)),
  };
}

/** A run that ended early has not shown what it was to show, unless its plan had no end. */
function isCutShort({ endedBy, plan }: Measured): boolean {
  return endedBy === "stopped" ? plan.durationMs !== null : endedBy !== null;
}

function lostAgents(agents: Report["agents"]): string {
  const lost = agents?.each.filter((agent) => agent.lost !== null) ?? [];
  return lost.map(({ name, lost: why }) => `agent ${name} was lost: ${why}`).join("; ");
}

function endingOf({ endedBy, connections, plan, timing, protocol, agents }: Measured): string {
  if (endedBy === "stopped") return "it was stopped before its time";
  if (endedBy === "message-stop") return "the text that ends the run came back";
  if (endedBy === "agent-lost") return lostAgents(agents);
  const after = `${formatDuration(timing.sendMs)}${plan.durationMs === null ? "" : ` of ${formatDuration(plan.durationMs)}`}`;
  const how = connections.opened === 0 ? "no connection could be opened" : "all connections were lost";
  // Connections of HTTP and DNS are opened again anyway.
  const hint = protocol?.kind !== "http" && protocol?.kind !== "dns" ? " (--reconnect opens them again)" : "";
  return `no connection was left after ${after}: ${how}${hint}`;
}

/** Says why messages left late. */
function lateText({ late, lateForReply = 0 }: Measured["messages"]): string[] {
  if (late === 0) return [];
  const causes = [
    ...(lateForReply > 0 ? [`${lateForReply} waited for earlier answers`] : []),
    ...(late > lateForReply ? [`${late - lateForReply} because this generator was behind`] : []),
  ];
  return [`late: ${causes.join(", ")}`];
}

/** @param unjudged what a pass does not say */
function reasonFor(measured: Measured, failed: readonly string[], unjudged: readonly string[]): string {
  const { generator, messages } = measured;
  const isShort = isCutShort(measured);
  const parts = [
    failed.length > 0 ? `does not hold: ${failed.join(", ")}` : `every expectation held${isShort ? " until then" : ""}`,
    ...(failed.length === 0 && unjudged.length > 0 ? [`not judged: ${unjudged.join(", ")}`] : []),
    ...(isShort ? [endingOf(measured)] : []),
    ...(failed.some((check) => /\blate\b/.test(check)) ? lateText(messages) : []),
    // If a target answers nothing, later messages are dropped, which alone would look like a slow target.
    ...(messages.unanswered > 0 && messages.received === 0 ? [`no ${nounOf(measured)} was answered`] : []),
    ...(messages.unexpected > 0 ? [unexpectedText(measured)] : []),
    ...(generator.saturated ? [`the generator was the limit (${generator.saturation.join(", ")})`] : []),
  ];
  return parts.join("; ");
}

/** What is sent, as reports call it. */
function nounOf({ protocol }: Measured): string {
  return protocol?.kind === "http" ? "request" : protocol?.kind === "dns" ? "query" : "message";
}

function unexpectedText({ messages: { unexpected, received }, protocol }: Measured): string {
  const why =
    protocol?.kind === "ws"
      ? "does the server send messages of its own? --latency-marker tells answers from them"
      : "is a reply what --reply-length, --reply-end or --latency-marker says";
  return `${unexpected} of ${received} replies answered no message: ${why}`;
}
