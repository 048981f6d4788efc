import { isHttpApplication, type Service, type WebPorts, withoutPassword } from "../../part/mod.ts";
import type { State } from "../health/mod.ts";
import { type DayBar, dayBars, dayText, type ProbeHistory, type Uptime, uptimeOf } from "../history/mod.ts";
import type { ProbedService } from "../schedule/mod.ts";

/** A service in `parts.probe` of `/api/status`. */
export interface ProbedServiceView {
  readonly service: string;
  readonly kind: string;
  /** What is asked, without a password. */
  readonly address: string;
  /** Where a browser opens it; null for what no browser speaks. */
  readonly url: string | null;
  readonly group: string | null;
  readonly state: State;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  readonly reason: string | null;
  readonly latencyMs: number | null;
  readonly version: string | null;
  readonly role: string | null;
  readonly certificateUntilMs: number | null;
  /** The service that it stands on. */
  readonly after: string | null;
  readonly uptime: Uptime;
  /** The last 90 days, oldest first. */
  readonly days: readonly DayBar[];
}

export interface ProbeView {
  readonly services: readonly ProbedServiceView[];
  /** The day of the last of all `days`: `2026-11-30`. */
  readonly today: string;
}

/** A service, and what its probes know. */
export interface ShownService {
  readonly service: Service;
  readonly probed: ProbedService;
}

export function probeView(shown: readonly ShownService[], history: ProbeHistory, ports: WebPorts): ProbeView {
  return {
    services: shown.map((each) => serviceView(each, history, ports)),
    today: dayText(history.today.day),
  };
}

export function serviceView({ service, probed }: ShownService, history: ProbeHistory, ports: WebPorts) {
  const { name, state, health } = probed;
  const { reason, facts } = health;
  const record = history.record(name);
  const today = history.today.day;
  const view: ProbedServiceView = {
    service: name,
    kind: facts.kind ?? service.kind,
    address: withoutPassword(service.target ?? ""),
    url: urlOf(service, ports),
    group: service.group ?? null,
    state,
    sinceMs: record.state === state ? (record.sinceMs ?? health.sinceMs) : health.sinceMs,
    reason: reason ?? null,
    latencyMs: facts.latencyMs ?? null,
    version: facts.version ?? null,
    role: facts.role ?? null,
    certificateUntilMs: facts.certificateUntilMs ?? null,
    after: service.after ?? null,
    uptime: uptimeOf(record, history.nowMs, today),
    days: dayBars(record, history.nowMs, today),
  };
  return view;
}

/** Its name over HTTPS where the proxy serves it, else its own address. */
function urlOf({ hosts, http, kind, target }: Service, { https, http: plain }: WebPorts): string | null {
  const host = hosts.find((each) => !each.startsWith("*"));
  const path = http?.paths[0] ?? "/";
  if (http !== undefined && host !== undefined && https !== undefined) return origin("https", host, https, 443) + path;
  if (http !== undefined && host !== undefined && plain !== undefined) return origin("http", host, plain, 80) + path;
  const isWeb = http !== undefined || kind === "http" || isHttpApplication(kind);
  return isWeb && target !== undefined && /^https?:/.test(target) ? new URL(withoutUser(target)).href : null;
}

function origin(scheme: string, host: string, port: number, usual: number): string {
  return `${scheme}://${host}${port === usual ? "" : `:${port}`}`;
}

function withoutUser(url: string): string {
  return url.replace(/:\/\/[^/?#]*@/, "://");
}
