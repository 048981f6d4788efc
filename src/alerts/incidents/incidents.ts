import type { Problem } from "../../part/mod.ts";
import type { Incident } from "./incident.ts";
import { type Rule, ruleOf } from "./rules.ts";

export interface IncidentsOptions {
  /** By the beginning of a problem's key. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** What followed from another problem raises an alert of its own if it is still there so long after that is over. */
  readonly settleMs: number;
  /** What begins more often than `times` within `withinMs` flaps, until it has been gone for `calmMs`. */
  readonly flapping: { readonly times: number; readonly withinMs: number; readonly calmMs: number };
  /** Incidents at a time, over ones that wait to be told included. */
  readonly max: number;
  /** Incidents of an earlier run are not over before, since those who know have only just started. */
  readonly startGraceMs: number;
}

export const INCIDENT_DEFAULTS = {
  settleMs: 60_000,
  flapping: { times: 4, withinMs: 3_600_000, calmMs: 900_000 },
  max: 1000,
  startGraceMs: 60_000,
} satisfies Partial<IncidentsOptions>;

/** What is kept of a key beside its incident. */
interface Track {
  incident?: Incident | undefined;
  /** It is held until then. */
  heldUntilMs: number;
  /** Since when it could raise an alert. */
  sinceMs?: number | undefined;
  /** When it began, within the time that counts for flapping. */
  begins: number[];
  /** Since when its problem has been gone. */
  goneSinceMs?: number | undefined;
  /** Its incident is of an earlier run, and its problem was not seen in this one. */
  isFromBefore?: boolean;
}

/** As it is kept on the disk. */
export interface KeptIncidents {
  readonly incidents: readonly Incident[];
  /** When problems began, by key. */
  readonly begins: Readonly<Record<string, readonly number[]>>;
  readonly dropped: number;
}

/** A clock that is set forward does not make time pass. */
const MAX_STEP_MS = 5000;
const MAX_REASON = 300;
const MAX_NAME = 100;
const MAX_NAMES_BEHIND = 5;

/**
 * Turns the list of problems, read again and again, into incidents. Pure: times are arguments.
 *
 * What follows from another problem, or is muted, opens no incident, and an open one goes on until its problem is over: only the beginning
 * is ever suppressed.
 */
export class Incidents {
  /** In the order in which they were opened: open ones, and over ones that somebody is still to be told of. */
  readonly list: Incident[];
  /** Incidents that were not opened, or were forgotten untold, since there are too many. */
  dropped = 0;
  readonly #tracks = new Map<string, Track>();
  /** Time that was seen to pass, whatever the clock said. */
  #ranMs = 0;
  #readMs: number;
  #options: IncidentsOptions;

  constructor(options: IncidentsOptions, nowMs: number, kept?: KeptIncidents) {
    this.#options = options;
    this.#readMs = nowMs;
    this.list = [...(kept?.incidents ?? [])];
    this.dropped = kept?.dropped ?? 0;
    for (const [key, begins] of Object.entries(kept?.begins ?? {})) this.#track(key).begins = [...begins];
    for (const incident of this.list)
      if (incident.endedMs === undefined) Object.assign(this.#track(incident.key), { incident, isFromBefore: true });
  }

  configure(options: IncidentsOptions): void {
    this.#options = options;
  }

  kept(): KeptIncidents {
    const begins = [...this.#tracks].filter(([, track]) => track.begins.length > 0);
    return {
      incidents: this.list,
      begins: Object.fromEntries(begins.map(([key, track]) => [key, track.begins])),
      dropped: this.dropped,
    };
  }

  /**
   * @param isUndecided whether nothing is known of a key yet, so that its absence means nothing
   * @returns the incidents that began, changed or ended
   */
  read(problems: readonly Problem[], isUndecided: (key: string) => boolean, nowMs: number): Incident[] {
    this.#ranMs += Math.min(MAX_STEP_MS, Math.max(0, nowMs - this.#readMs));
    this.#readMs = nowMs;
    const changed: Incident[] = [];
    const present = new Map(problems.map((each) => [each.key, each]));
    for (const problem of present.values()) {
      const incident = this.#take(problem, nowMs);
      if (incident !== undefined) changed.push(incident);
    }
    for (const [key, track] of this.#tracks) {
      if (present.has(key) || isUndecided(key)) continue;
      const incident = this.#takeAbsence(key, track, nowMs);
      if (incident !== undefined) changed.push(incident);
    }
    this.#countBehind(present);
    return changed;
  }

  /** Forgets incidents that are over and of no interest any more. @returns whether there were any */
  forget(isSettled: (incident: Incident) => boolean): boolean {
    const kept = this.list.filter((each) => each.endedMs === undefined || !isSettled(each));
    const isChanged = kept.length < this.list.length;
    if (isChanged) this.list.splice(0, this.list.length, ...kept);
    return isChanged;
  }

  #take(problem: Problem, nowMs: number): Incident | undefined {
    const { settleMs, rules } = this.#options;
    const { key, severity } = problem;
    const track = this.#track(key);
    track.goneSinceMs = undefined;
    track.isFromBefore = false;
    if (problem.behind !== undefined) track.heldUntilMs = nowMs + settleMs;
    // A clock that was set back must not hold it for longer.
    track.heldUntilMs = Math.min(track.heldUntilMs, nowMs + settleMs);
    const isHeld = problem.behind !== undefined || problem.isMuted === true || nowMs < track.heldUntilMs;
    if (track.incident !== undefined) return update(track.incident, problem, isHeld, nowMs);
    if (isHeld) {
      track.sinceMs = undefined;
      return undefined;
    }
    track.sinceMs ??= track.heldUntilMs > 0 ? nowMs : problem.sinceMs;
    const rule = ruleOf(rules, key);
    const isWanted = rule.severity !== undefined && (rule.severity === "warning" || severity === "critical");
    if (!isWanted || nowMs - track.sinceMs < rule.forMs[severity]) return undefined;
    return this.#open(problem, track, nowMs);
  }

  #open(problem: Problem, track: Track, nowMs: number): Incident | undefined {
    const { max, flapping } = this.#options;
    if (this.list.length >= max && !this.#dropOldest()) {
      this.dropped += 1;
      return undefined;
    }
    const { key, severity, sinceMs } = problem;
    track.begins = [...track.begins.filter((each) => nowMs - each < flapping.withinMs), nowMs];
    const incident: Incident = {
      id: `${key}@${sinceMs}`,
      key,
      severity,
      ...wordsOf(problem),
      changedMs: sinceMs,
      beganMs: Math.min(sinceMs, nowMs),
      isHeld: false,
      behind: { count: 0, names: [] },
      told: {},
      ...(track.begins.length > flapping.times && { times: track.begins.length }),
    };
    track.incident = incident;
    this.list.push(incident);
    return incident;
  }

  #takeAbsence(key: string, track: Track, nowMs: number): Incident | undefined {
    const { startGraceMs, flapping } = this.#options;
    track.sinceMs = undefined;
    track.heldUntilMs = 0;
    const { incident } = track;
    if (incident === undefined) {
      track.begins = track.begins.filter((each) => nowMs - each < flapping.withinMs);
      if (track.begins.length === 0) this.#tracks.delete(key);
      return undefined;
    }
    track.goneSinceMs ??= nowMs;
    if (track.isFromBefore === true && this.#ranMs < startGraceMs) return undefined;
    if (incident.times !== undefined && Math.abs(nowMs - track.goneSinceMs) < flapping.calmMs) return undefined;
    incident.endedMs = Math.max(incident.beganMs, track.goneSinceMs);
    track.goneSinceMs = undefined;
    track.incident = undefined;
    return incident;
  }

  #countBehind(present: ReadonlyMap<string, Problem>): void {
    const byRoot = new Map<string, string[]>();
    for (const { behind, subject } of present.values()) {
      if (behind === undefined) continue;
      const root = rootOf(behind, present);
      byRoot.get(root)?.push(subject) ?? byRoot.set(root, [subject]);
    }
    for (const [key, names] of byRoot) {
      const incident = this.#tracks.get(key)?.incident;
      if (incident !== undefined && names.length > incident.behind.count)
        incident.behind = {
          count: names.length,
          names: names.slice(0, MAX_NAMES_BEHIND).map((name) => line(name, MAX_NAME)),
        };
    }
  }

  /** Forgets the oldest one that is over. @returns whether there was one */
  #dropOldest(): boolean {
    const oldest = this.list.findIndex((each) => each.endedMs !== undefined);
    if (oldest < 0) return false;
    this.list.splice(oldest, 1);
    this.dropped += 1;
    return true;
  }

  #track(key: string): Track {
    const known = this.#tracks.get(key);
    if (known !== undefined) return known;
    const track: Track = { heldUntilMs: 0, begins: [] };
    this.#tracks.set(key, track);
    return track;
  }
}

/** Follows what a problem stands behind to the one that stands behind nothing. */
function rootOf(key: string, present: ReadonlyMap<string, Problem>): string {
  let root = key;
  for (let hops = 0; hops < 10; hops++) root = present.get(root)?.behind ?? root;
  return root;
}

/** @returns it where more than its words have changed */
function update(incident: Incident, problem: Problem, isHeld: boolean, nowMs: number): Incident | undefined {
  const wasHeld = incident.isHeld;
  incident.isHeld = isHeld;
  // While it is held, its state says less than the one before: `unknown`, `maintenance`.
  if (isHeld) return wasHeld ? undefined : incident;
  const isOther = incident.severity !== problem.severity;
  // Not all problems begin anew when they become worse.
  if (isOther) incident.changedMs = problem.sinceMs > incident.changedMs ? problem.sinceMs : nowMs;
  Object.assign(incident, wordsOf(problem), { severity: problem.severity });
  return isOther || wasHeld ? incident : undefined;
}

function wordsOf({ subject, state, reason }: Problem): Pick<Incident, "subject" | "state" | "reason"> {
  return { subject: line(subject, MAX_NAME), state: line(state, MAX_NAME), reason: line(reason, MAX_REASON) };
}

/** Makes one line of bounded length of a text that may come from the network. */
function line(text: string, max: number): string {
  const printable = text
    .slice(0, max * 4)
    .replace(/[\s\p{C}\u2028\u2029]+/gu, " ")
    .trim();
  return printable.length <= max ? printable : `${printable.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
