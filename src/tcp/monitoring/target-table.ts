import { escapeBytes, formatCount, formatDuration } from "../../base/mod.ts";
import type { StatusCell, StatusLook, StatusTable } from "../../part/mod.ts";
import type { ListenerStatus, TargetView, TcpView } from "./status.ts";

/**
 * The targets of relays, and how they fare; no table where no listener is a relay.
 *
 * ```text
 * relay  target          state                        open  connected  failures  last error
 * db     127.0.0.1:5432  up                             12         81         0
 * db     127.0.0.1:5433  out for 12s, next try in 8s     0          0         3  12s ago: Cannot connect to …
 * ```
 */
export function targetTable({ view, atMs, before }: StatusLook<TcpView>): StatusTable[] {
  const rows = view.listeners.flatMap((listener) => {
    const earlier = before?.view.listeners.find(({ name }) => name === listener.name)?.relay?.targets;
    return (listener.relay?.targets ?? []).map((target): StatusCell[] => {
      const former = earlier?.find(({ address }) => address === target.address);
      const { active, total, failures } = target;
      const seconds = before === undefined ? 1 : (atMs - before.atMs) / 1000;
      const connected = before === undefined ? total : Math.max(0, total - (former?.total ?? total)) / seconds;
      return [
        listener.name,
        foreign(target.address),
        { text: stateText(target, atMs), tone: toneOf(target) },
        formatCount(active),
        formatCount(Math.round(connected)),
        formatCount(failures),
        errorText(target, atMs),
      ];
    });
  });
  if (rows.length === 0) return [];
  // Which target is out stays to the last.
  const columns = [
    { title: "relay", dropOrder: 3 },
    { title: "target" },
    { title: "state" },
    { title: "open", align: "right", dropOrder: 2 },
    { title: before === undefined ? "connected" : "connected/s", align: "right", dropOrder: 1 },
    { title: "failures", align: "right", dropOrder: 4 },
    { title: "last error", dropOrder: 5 },
  ] as const;
  return [{ columns, rows, notes: view.listeners.flatMap(moreText) }];
}

function moreText({ name, relay }: ListenerStatus): string[] {
  const more = relay?.targetsLeftOut ?? 0;
  return more === 0 ? [] : [`${name}: ${formatCount(more)} targets more`];
}

function stateText({ state, outSince, nextTryAt }: TargetView, nowMs: number): string {
  if (outSince === null) return state;
  const since = `${state} for ${formatDuration(Math.max(0, nowMs - Date.parse(outSince)))}`;
  if (nextTryAt === null || state === "draining") return since;
  const leftMs = Date.parse(nextTryAt) - nowMs;
  return `${since}, next try ${leftMs > 0 ? `in ${formatDuration(leftMs)}` : "is due"}`;
}

function toneOf({ state }: TargetView): "good" | "warning" | "bad" {
  return state === "up" ? "good" : state === "out" ? "bad" : "warning";
}

function errorText({ lastError, lastErrorAt }: TargetView, nowMs: number): string {
  if (lastError === null || lastErrorAt === null) return "";
  return `${formatDuration(Math.max(0, nowMs - Date.parse(lastErrorAt)))} ago: ${foreign(lastError)}`;
}

/** Nothing that a terminal obeys. */
function foreign(text: string): string {
  return escapeBytes(Buffer.from(text), { utf8: true });
}
