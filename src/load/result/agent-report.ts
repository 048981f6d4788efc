import type { LoadPlan } from "../plan/mod.ts";
import type { AgentReport } from "../report.ts";
import type { AgentState } from "../workers/mod.ts";
import { generatorOf } from "./generator.ts";
import { messagesBack } from "./messages-back.ts";

/** Returns what one machine of several measured; the report's own counts are the sums of these. */
export function agentReport(agent: AgentState, plan: LoadPlan): AgentReport {
  const { name, address, workers, connections, tally, latencies, cpu, cores } = agent;
  const { lag, idleCores, rssBytes, startLateUs, clockBoundUs: boundUs, wallOffsetMs, lost } = agent;
  const { traffic } = plan;
  const { cpuPercent, loopLagP99Us, saturated, saturation } = generatorOf(
    { ...plan, workers },
    { tally, lag, cpu, sendMs: cpu.sendMs, idleCores, rssBytes, cores, isCpuShared: false, countedSent: 0 },
  );
  return {
    name,
    address,
    workers,
    connections: {
      opened: tally.opened,
      peak: Math.min(tally.peak, connections),
      failed: tally.failed,
      lost: tally.lost,
    },
    messages: {
      planned: tally.planned,
      sent: tally.sent,
      late: tally.late,
      dropped: tally.droppedInAll,
      received: messagesBack(tally, traffic),
      answered: traffic.answersTold ? tally.received - tally.unexpected : 0,
      unanswered: tally.unanswered,
      unexpected: tally.unexpected,
    },
    bytes: { sent: tally.bytesSent, received: tally.bytesReceived },
    latencyUs: {
      connect: latencies.summary("connect"),
      message: latencies.summary("message"),
      send: latencies.summary("send"),
    },
    generator: { cpuPercent, rssBytes, loopLagP99Us, saturated, saturation },
    clock: { boundUs, startLateUs, wallOffsetMs },
    lost: lost ?? null,
  };
}
