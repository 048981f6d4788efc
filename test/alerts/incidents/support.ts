import {
  compose,
  DEFAULT_RULES,
  INCIDENT_DEFAULTS,
  Incidents,
  type IncidentsOptions,
  type Interest,
  isSettled,
  type KeptIncidents,
  newsOf,
  noteTold,
} from "../../../src/alerts/incidents/mod.ts";
import { LocalTime } from "../../../src/alerts/time/mod.ts";
import type { Problem } from "../../../src/part/mod.ts";

export const START_MS = Date.parse("2026-11-30T22:00:00Z");
const TIME = new LocalTime("UTC");
export const INTEREST: Interest = { channel: "phone", severity: "warning", afterMs: 0, repeatMs: 0, wants: () => true };

/** Problems that a test sets, read each second of a clock that it moves. */
export class House {
  nowMs = START_MS;
  incidents: Incidents;
  readonly problems = new Map<string, Problem>();
  readonly undecided = new Set<string>();
  readonly #options: IncidentsOptions;

  constructor(options: Partial<IncidentsOptions> = {}) {
    this.#options = { rules: DEFAULT_RULES, ...INCIDENT_DEFAULTS, startGraceMs: 0, ...options };
    this.incidents = new Incidents(this.#options, this.nowMs);
  }

  set(key: string, state: string, more: Partial<Problem> = {}): void {
    const subject = key.replace(/^\w+\//, "");
    const severity = state === "down" ? "critical" : "warning";
    this.problems.set(key, { key, severity, subject, state, reason: "why", sinceMs: this.nowMs, ...more });
  }

  /** Reads each second for a while. */
  pass(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1000;
      this.incidents.read([...this.problems.values()], (key) => this.undecided.has(key), this.nowMs);
    }
  }

  /** Another process begins with what is on the disk. */
  restart(): void {
    const kept = JSON.parse(JSON.stringify(this.incidents.kept())) as KeptIncidents;
    this.incidents = new Incidents(this.#options, this.nowMs, kept);
  }

  /** Tells a channel all that it does not know. @returns the lines */
  tell(interest: Interest = INTEREST): readonly string[] {
    const items = this.incidents.list.flatMap((incident) => {
      const news = newsOf(incident, interest, this.nowMs);
      return news === undefined ? [] : [{ incident, news, told: incident.told[interest.channel] }];
    });
    if (items.length === 0) return [];
    const { id, title, lines } = compose(items, { name: "pi", time: TIME, nowMs: this.nowMs });
    for (const { incident, news } of items)
      noteTold(incident, incident, { news, channel: interest.channel, atMs: this.nowMs, messageId: id });
    this.incidents.forget((each) => isSettled(each, interest, this.nowMs));
    return [title, ...lines];
  }
}
