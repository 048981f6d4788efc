import { createHash } from "node:crypto";
import { formatDuration } from "../../base/mod.ts";
import type { LocalTime } from "../time/mod.ts";
import type { Incident, News, Severity, Told } from "./incident.ts";

/** An incident, and what a channel is told of it. */
export interface Item {
  readonly incident: Incident;
  readonly news: News;
  /** What the channel was told before. */
  readonly told: Told | undefined;
}

/** A message before it is cut to what a channel takes. */
export interface Message {
  /** The same when it is sent again. */
  readonly id: string;
  /** `pi: router is down`. */
  readonly title: string;
  /** The most important first. */
  readonly lines: readonly string[];
  /** Behind the lines, never cut. */
  readonly notes: readonly string[];
  /** Of the worst that is still so; `good` when all of it is over. */
  readonly tone: Severity | "good";
  /** When the last thing in it happened. */
  readonly happenedMs: number;
  /** Ids of the messages that it answers. */
  readonly answers: readonly string[];
}

export interface Wording {
  /** Of this box. */
  readonly name: string;
  readonly time: LocalTime;
  readonly nowMs: number;
  /** Since when messages could not be sent, and why. */
  readonly late?: { readonly sinceMs: number; readonly why: string };
  /** Incidents that were forgotten untold. */
  readonly dropped?: number;
  /** It waited for the end of quiet hours. */
  readonly wasQuiet?: boolean;
}

const MAX_ANSWERS = 10;
const OPEN: readonly News[] = ["began", "worse", "flaps", "lasts", "better"];

/** Composes one message of everything that a channel is to be told. */
export function compose(items: readonly Item[], wording: Wording): Message {
  const sorted = [...items].sort((one, other) => rank(one) - rank(other));
  const open = sorted.filter(({ news }) => OPEN.includes(news));
  const isCritical = open.some(({ incident, news }) => incident.severity === "critical" && news !== "better");
  const answers = new Set(sorted.flatMap(({ told }) => told?.messageId ?? []));
  return {
    id: idOf(sorted, wording),
    title: `${wording.name}: ${titleOf(sorted, open, wording)}`,
    lines: sorted.map((item) => lineOf(item, wording)),
    notes: notesOf(wording),
    tone: open.length === 0 ? "good" : isCritical ? "critical" : "warning",
    happenedMs: Math.max(...sorted.map(({ incident, news }) => happenedMs(incident, news, wording.nowMs))),
    answers: [...answers].slice(0, MAX_ANSWERS),
  };
}

/** Critical before warning before what is over. */
function rank({ incident, news }: Item): number {
  if (news === "over" || news === "was") return 4;
  return (incident.severity === "critical" ? 0 : 2) + (news === "lasts" || news === "better" ? 1 : 0);
}

/** The same for the same news, also after a restart between sending and noting it. */
function idOf(items: readonly Item[], { nowMs }: Wording): string {
  const parts = items.map(
    ({ incident, news, told }) => `${incident.id} ${news} ${news === "lasts" ? (told?.atMs ?? nowMs) : ""}`,
  );
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 24);
}

function titleOf(items: readonly Item[], open: readonly Item[], { time, nowMs }: Wording): string {
  const [first] = items;
  if (items.length === 1 && first !== undefined) return shortOf(first, time, nowMs);
  const overs = items.length - open.length;
  const names = [...new Set((open.length > 0 ? open : items).map(({ incident }) => incident.subject))];
  const named = names.slice(0, 3).join(", ") + (names.length > 3 ? " …" : "");
  if (open.length === 0) return `${overs} problems over: ${named}`;
  if (open.length === 1 && open[0] !== undefined) return `${shortOf(open[0], time, nowMs)}, ${overs} over`;
  return `${open.length} problems: ${named}${overs > 0 ? `, ${overs} over` : ""}`;
}

function shortOf({ incident, news, told }: Item, time: LocalTime, nowMs: number): string {
  const { subject, state, beganMs, endedMs = nowMs, times, isUnwatched } = incident;
  switch (news) {
    case "over":
      if (isUnwatched) return `${subject} no longer watched`;
      return times === undefined
        ? `${subject} well again after ${lasted(beganMs, endedMs)}`
        : `${subject} steady again`;
    case "was":
      return `${subject} was ${state} ${time.span(beganMs, endedMs, nowMs)}`;
    case "flaps":
      return `${subject} comes and goes`;
    case "lasts":
      return `${subject} still ${state}`;
    case "better":
      return `${subject} no longer ${told?.state ?? "as it was"}, but ${state}`;
    default:
      return `${subject} ${state}`;
  }
}

function lineOf({ incident, news, told }: Item, { time, nowMs }: Wording): string {
  const { subject, state, reason, beganMs, changedMs, endedMs = nowMs, times, behind, isUnwatched } = incident;
  const why = reason === "" ? "" : `: ${reason}`;
  const span = `${time.span(beganMs, endedMs, nowMs)} (${lasted(beganMs, endedMs)})`;
  const since = time.text(beganMs, nowMs);
  const names = behind.names.join(", ") + (behind.count > behind.names.length ? " …" : "");
  const also = behind.count === 0 ? "" : ` [behind it: ${behind.count} more, ${names}]`;
  switch (news) {
    case "over":
      if (isUnwatched) return `${subject} is no longer watched, was ${told?.state ?? state} since ${since}`;
      return times === undefined
        ? `${subject} is well again, was ${told?.state ?? state} ${span}`
        : `${subject} is steady again since ${time.text(endedMs, nowMs)}`;
    case "was":
      return `${subject} was ${state} ${span}${why}${also}`;
    case "flaps":
      return `${subject} comes and goes, ${times} times within an hour, now ${state}${why}`;
    case "lasts":
      return `${subject} is still ${state} since ${since} (${lasted(beganMs, nowMs)})${why}${also}`;
    case "worse":
    case "better":
      return `${subject} is ${state} since ${time.text(changedMs, nowMs)}, was ${told?.state ?? "not well"} since ${since}${why}${also}`;
    default:
      return `${subject} is ${state} since ${since}${why}${also}`;
  }
}

function notesOf({ late, dropped = 0, wasQuiet, time, nowMs }: Wording): string[] {
  return [
    ...(late === undefined
      ? []
      : [`Told late: no message got out ${time.span(late.sinceMs, nowMs, nowMs)} (${late.why})`]),
    ...(wasQuiet ? ["Kept during quiet hours."] : []),
    ...(dropped === 0 ? [] : [`${dropped} older alerts were dropped: too many waited.`]),
  ];
}

function happenedMs(incident: Incident, news: News, nowMs: number): number {
  if (news === "lasts") return nowMs;
  if (news === "worse" || news === "better") return incident.changedMs;
  return incident.endedMs ?? incident.beganMs;
}

function lasted(fromMs: number, toMs: number): string {
  return formatDuration(Math.max(1000, Math.round((toMs - fromMs) / 1000) * 1000));
}

/**
 * Joins a message's lines to a text of at most so many bytes of UTF-8. Whole lines are left out, and their number is told, so that nothing
 * of a channel's own syntax is cut through.
 */
export function textOf(
  { lines, notes }: Pick<Message, "lines" | "notes">,
  maxBytes: number,
  escaped = (text: string) => text,
): string {
  const tail = notes.map(escaped);
  const bytes = (texts: readonly string[]) => Buffer.byteLength(texts.join("\n"));
  const all = lines.map(escaped);
  if (bytes([...all, ...tail]) <= maxBytes) return [...all, ...tail].join("\n");
  const kept: string[] = [];
  for (const each of all) {
    const rest = escaped(`and ${all.length - kept.length - 1} more`);
    if (bytes([...kept, each, rest, ...tail]) > maxBytes) break;
    kept.push(each);
  }
  const more = escaped(`and ${all.length - kept.length}${kept.length > 0 ? " more" : " problems"}`);
  return [...kept, more, ...tail].join("\n");
}
