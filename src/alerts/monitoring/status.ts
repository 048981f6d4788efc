import { formatDuration } from "../../base/mod.ts";
import type { MaintenanceWindow, StatusCell, StatusLook, StatusTable } from "../../part/mod.ts";
import type { Alerts } from "../alerts.ts";
import { type Incident, newsOf } from "../incidents/mod.ts";
import type { Sender } from "../outbox/mod.ts";

/** `parts.alerts` of `/api/status`. Times are milliseconds since 1970. */
export interface AlertsView {
  /** Those that last, and those that somebody is still to be told of. */
  readonly incidents: readonly IncidentView[];
  readonly channels: readonly ChannelView[];
  readonly maintenance: readonly MaintenanceWindow[];
  /** Incidents that were forgotten untold, since there were too many. */
  readonly dropped: number;
}

export interface IncidentView {
  readonly key: string;
  readonly subject: string;
  readonly severity: "warning" | "critical";
  readonly state: string;
  readonly reason: string;
  readonly beganMs: number;
  readonly endedMs: number | null;
  /** It follows from another problem, or is under maintenance. */
  readonly isHeld: boolean;
  readonly isFlapping: boolean;
  /** Channels that know of it, and those that are still to be told. */
  readonly told: readonly string[];
  readonly waiting: readonly string[];
}

export interface ChannelView {
  readonly name: string;
  readonly type: string;
  /** `waiting`: it could not be reached; `refused`: it accepts nothing. */
  readonly state: "ok" | "waiting" | "refused";
  readonly why: string | null;
  readonly sinceMs: number | null;
  /** Messages. */
  readonly sent: number;
  /** Incidents with something to tell. */
  readonly waiting: number;
}

export function alertsView({ incidents, senders, windows }: Alerts, nowMs: number): AlertsView {
  return {
    incidents: incidents.list.map((each) => incidentView(each, senders, nowMs)),
    channels: senders.map(channelView),
    maintenance: windows.list(nowMs),
    dropped: incidents.dropped,
  };
}

function incidentView(incident: Incident, senders: readonly Sender[], nowMs: number): IncidentView {
  const { key, subject, severity, state, reason, beganMs, endedMs = null, isHeld, times, told } = incident;
  const waiting = senders.filter(({ interest }) => newsOf(incident, interest, nowMs) !== undefined);
  return {
    key,
    subject,
    severity,
    state,
    reason,
    beganMs,
    endedMs,
    isHeld,
    isFlapping: times !== undefined,
    told: Object.keys(told),
    waiting: waiting.map(({ channel }) => channel.name),
  };
}

function channelView({ channel, refusal, why, failingSinceMs, counts, waiting }: Sender): ChannelView {
  const isFailing = failingSinceMs !== undefined;
  return {
    name: channel.name,
    type: channel.type,
    state: refusal !== undefined ? "refused" : isFailing ? "waiting" : "ok",
    why: why ?? null,
    sinceMs: failingSinceMs ?? null,
    sent: counts.sent,
    waiting,
  };
}

const TONES = { ok: "good", waiting: "warning", refused: "bad" } as const;

/**
 * ```text
 * alerts to  by      state  sent  waiting  why
 * phone      ntfy       ok     3        0
 *
 * maintenance  until  why
 * git             1h  new disk
 * ```
 */
export function alertTables({ view: { channels, maintenance }, atMs }: StatusLook<AlertsView>): StatusTable[] {
  const stateCell = (state: ChannelView["state"]): StatusCell => ({ text: state, tone: TONES[state] });
  const ofChannels: StatusTable = {
    columns: [
      { title: "alerts to" },
      { title: "by", dropOrder: 1 },
      { title: "state" },
      { title: "sent", align: "right", dropOrder: 2 },
      { title: "waiting", align: "right", dropOrder: 3 },
      { title: "why" },
    ],
    rows: channels.map(({ name, type, state, sent, waiting, why }) => [
      name,
      type,
      stateCell(state),
      String(sent),
      String(waiting),
      why ?? "",
    ]),
  };
  const ofWindows: StatusTable = {
    columns: [{ title: "maintenance" }, { title: "ends in", align: "right" }, { title: "why" }],
    rows: maintenance.map(({ services, untilMs, reason = "" }) => [
      services.join(", "),
      formatDuration(Math.max(0, Math.ceil((untilMs - atMs) / 1000) * 1000)),
      reason,
    ]),
  };
  return [ofChannels, ofWindows].filter(({ rows }) => rows.length > 0);
}
