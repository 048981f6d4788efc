import type { Problem } from "../../part/mod.ts";

export type Severity = Problem["severity"];

/** A problem from when it was opened until everybody was told that it is over. Plain data, which is kept on the disk. */
export interface Incident {
  /** Key of the problem, and when it began: the same after a restart. */
  readonly id: string;
  readonly key: string;
  subject: string;
  /** As last seen. */
  severity: Severity;
  state: string;
  /** One line. */
  reason: string;
  /** Since when this state lasts. Milliseconds since 1970, as all times. */
  changedMs: number;
  /** When the problem began. */
  readonly beganMs: number;
  endedMs?: number;
  /** It ended since nobody looks any more, as for a service that is no longer declared. */
  isUnwatched?: boolean;
  /** It follows from another problem, or is muted: nothing is told but, where it was told that it began, its end. */
  isHeld: boolean;
  /** It comes and goes: how often within the time that counts. Told once, and its end when it has been gone for a while. */
  times?: number;
  /** Problems that follow from it: the most at one time, and the names of some. */
  behind: { count: number; names: string[] };
  /** What each channel was told last. */
  told: Record<string, Told>;
}

export interface Told {
  severity: Severity;
  state: string;
  /** When it was told. */
  atMs: number;
  isOver?: boolean;
  isFlapping?: boolean;
  /** Of the first message about it, for those that answer it. */
  messageId?: string;
}

/** What a channel does not know yet of an incident. */
export type News =
  | "began"
  /** It began, and is over. */
  | "was"
  | "worse"
  | "better"
  | "flaps"
  /** It lasts: a reminder. */
  | "lasts"
  | "over";

/** What a channel is told. */
export interface Interest {
  readonly channel: string;
  readonly severity: Severity;
  /** Only what lasts so long: for escalation. */
  readonly afterMs: number;
  /** What lasts is told again; 0 = never. */
  readonly repeatMs: number;
  /** Returns whether it is told of this problem at all. */
  wants(key: string): boolean;
}

const BETTER_AFTER_MS = 600_000;

/** Returns what a channel is to be told of an incident; undefined where it knows, or need not know. */
export function newsOf(incident: Incident, interest: Interest, nowMs: number): News | undefined {
  const { beganMs, changedMs, endedMs, isHeld, severity, times } = incident;
  const told = incident.told[interest.channel];
  if (told === undefined) {
    if (isHeld || !isWanted(incident, interest) || (endedMs ?? nowMs) - beganMs < interest.afterMs) return undefined;
    if (times !== undefined) return endedMs === undefined ? "flaps" : "was";
    return endedMs === undefined ? "began" : "was";
  }
  if (endedMs !== undefined) return told.isOver ? undefined : "over";
  if (isHeld) return undefined;
  if (times !== undefined) return told.isFlapping ? reminder(told, interest, nowMs) : "flaps";
  if (severity !== told.severity) {
    if (severity === "critical") return "worse";
    // A value that wavers around its limit is not told each time.
    if (nowMs - changedMs >= BETTER_AFTER_MS) return "better";
  }
  return reminder(told, interest, nowMs);
}

function reminder(told: Told, { repeatMs }: Interest, nowMs: number): News | undefined {
  return repeatMs > 0 && nowMs - told.atMs >= repeatMs ? "lasts" : undefined;
}

function isWanted({ severity, key }: Incident, interest: Interest): boolean {
  return (severity === "critical" || interest.severity === "warning") && interest.wants(key);
}

/** Returns whether a channel will never be told anything more of an incident that is over. */
export function isSettled(incident: Incident, interest: Interest, nowMs: number): boolean {
  return incident.endedMs !== undefined && newsOf(incident, interest, nowMs) === undefined;
}

/**
 * Notes what a channel was told.
 *
 * @param said the incident as it was told, which may have changed since
 */
export function noteTold(
  incident: Incident,
  said: Pick<Incident, "severity" | "state">,
  { news, channel, atMs, messageId }: { news: News; channel: string; atMs: number; messageId: string },
): void {
  const before = incident.told[channel];
  incident.told[channel] = {
    severity: said.severity,
    state: said.state,
    atMs,
    messageId: before?.messageId ?? messageId,
    ...((news === "over" || news === "was") && { isOver: true }),
    ...((news === "flaps" || before?.isFlapping) && { isFlapping: true }),
  };
}
