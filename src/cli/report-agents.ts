import { formatBytes, formatDuration } from "../base/mod.ts";
import type { AgentReport, Report } from "../load/mod.ts";
import { whole } from "./live-frame.ts";
import { visibleText } from "./report-rows.ts";
import { table } from "./table.ts";
import type { Paints } from "./terminal.ts";

/** A minute apart, the log lines of two machines cannot be laid side by side. */
const WALL_OFFSET_MS = 1000;

/** Formats what each agent measured, and how exactly they began together. */
export function agentTable({ agents }: Report, { dim, yellow, red }: Paints): string {
  if (agents === undefined) return "";
  const { each, startedWithinUs } = agents;
  const head = [
    "agent",
    "opened",
    "sent",
    "answered",
    "late",
    "dropped",
    "p50",
    "p99",
    "max",
    "CPU",
    "memory",
    "clock ±",
  ];
  const rows = each.map((agent) => {
    const { name, connections, messages, generator, clock } = agent;
    const latency = latencyOf(agent);
    return [
      agent.lost === null ? visibleText(name) : red(`${visibleText(name)} lost`),
      ...[connections.opened, messages.sent, messages.answered, messages.late, messages.dropped].map(whole),
      ...latency.map((us) => formatDuration(us / 1000)),
      `${Math.round(generator.cpuPercent)}%`,
      formatBytes(generator.rssBytes),
      formatDuration(clock.boundUs / 1000),
    ];
  });
  const began = `${each.length} agents began within ${formatDuration(startedWithinUs / 1000)} of each other, at most`;
  const wrong = each.filter(({ clock }) => Math.abs(clock.wallOffsetMs) >= WALL_OFFSET_MS);
  const clocks = wrong.map(({ name, clock }) =>
    yellow(`time of day on ${visibleText(name)}: ${offsetText(clock.wallOffsetMs)}`),
  );
  const limits = each.filter(({ generator }) => generator.saturated);
  const slow = limits.map(({ name, generator }) =>
    yellow(`${visibleText(name)} was the limit: ${generator.saturation.join(", ")}`),
  );
  return [table([head.map(dim), ...rows], `l${"r".repeat(head.length - 1)}`), dim(began), ...slow, ...clocks].join(
    "\n",
  );
}

/** Of answers or, where nothing is answered, of sending. */
function latencyOf({ latencyUs: { message, send } }: AgentReport): number[] {
  const { p50, p99, max } = message.count > 0 ? message : send;
  return [p50, p99, max];
}

function offsetText(ms: number): string {
  return `${formatDuration(Math.abs(ms))} ${ms > 0 ? "ahead" : "behind"}`;
}
