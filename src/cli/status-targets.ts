import type { ListenerStatus, TargetView } from "../app/mod.ts";
import { escapeBytes, formatCount, formatDuration } from "../base/mod.ts";
import type { Seen } from "./status-text.ts";
import { fittedTable } from "./table.ts";
import type { Paint, Paints } from "./terminal.ts";

/**
 * The targets of relays, and how they fare:
 *
 * ```text
 * relay  target          state                        open  connected  failures  last error
 * db     127.0.0.1:5432  up                             12         81         0
 * db     127.0.0.1:5433  out for 12s, next try in 8s     0          0         3  12s ago: Cannot connect to …
 * ```
 *
 * @param before an earlier look, for how many a second are connected; without one all are told
 * @param width columns of the screen
 * @returns lines; none where no listener is a relay
 */
export function targetLines(
  { status, atMs }: Seen,
  before: Seen | undefined,
  paints: Paints,
  width = Number.POSITIVE_INFINITY,
): string[] {
  const rows = status.listeners.flatMap((listener) => {
    const earlier = before?.status.listeners.find(({ name }) => name === listener.name)?.relay?.targets;
    return (listener.relay?.targets ?? []).map((target) => {
      const former = earlier?.find(({ address }) => address === target.address);
      const { active, total, failures } = target;
      const seconds = before === undefined ? 1 : (atMs - before.atMs) / 1000;
      const connected = before === undefined ? total : Math.max(0, total - (former?.total ?? total)) / seconds;
      return [
        listener.name,
        foreign(target.address),
        paintOf(target, paints)(stateText(target, atMs)),
        formatCount(active),
        formatCount(Math.round(connected)),
        formatCount(failures),
        errorText(target, atMs),
      ];
    });
  });
  if (rows.length === 0) return [];
  const connected = before === undefined ? "connected" : "connected/s";
  const head = ["relay", "target", "state", "open", connected, "failures", "last error"].map(paints.dim);
  return ["", fittedTable([head, ...rows], "lllrrrl", width, FIRST_TO_GO), ...status.listeners.flatMap(moreText)];
}

/** Connected, open, relay, failures, last error: which target is out stays to the last. */
const FIRST_TO_GO = [4, 3, 0, 5, 6];

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

function paintOf({ state }: TargetView, { green, yellow, red }: Paints): Paint {
  return state === "up" ? green : state === "out" ? red : yellow;
}

function errorText({ lastError, lastErrorAt }: TargetView, nowMs: number): string {
  if (lastError === null || lastErrorAt === null) return "";
  return `${formatDuration(Math.max(0, nowMs - Date.parse(lastErrorAt)))} ago: ${foreign(lastError)}`;
}

/** Nothing that a terminal obeys. */
function foreign(text: string): string {
  return escapeBytes(Buffer.from(text), { utf8: true });
}
