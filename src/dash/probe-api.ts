/** The JSON of the part `probe`: its entry in `/api/status` → `parts`, and `/api/probe/…`. Moments are in milliseconds since 1970. */

/** `pending` before the first probe has decided; `unknown` while what it stands on is down. */
export type ServiceState = "pending" | "up" | "degraded" | "starting" | "down" | "unknown" | "maintenance";

/** `parts.probe` */
export interface ProbeView {
  readonly services: readonly ProbedServiceView[];
  /** The day of the last entry of all `days`: `2026-11-30`. */
  readonly today?: string;
}

/** A probed service. Versions, roles and reasons are texts from the network. */
export interface ProbedServiceView {
  readonly service: string;
  readonly state: ServiceState;
  readonly sinceMs: number;
  /** Why it is not up, or what is amiss although it is; null for nothing. */
  readonly reason: string | null;
  readonly latencyMs: number | null;
  readonly version: string | null;
  readonly role: string | null;
  readonly certificateUntilMs: number | null;
  readonly certificateIssuer?: string | null;
  readonly kind?: string;
  /** What is asked, without a password: `redis://127.0.0.1:6379`. */
  readonly address?: string;
  /** Where a browser opens it: `https://git.home.arpa/`; null for what no browser speaks. */
  readonly url?: string | null;
  /** Under which heading the page shows it. */
  readonly group?: string | null;
  /** The service that it stands on. */
  readonly after?: string | null;
  readonly uptime?: Uptime;
  /** The last 90 days, oldest first, today last. */
  readonly days?: readonly DayBar[];
}

/**
 * Share of the time in which it was up or degraded, 0 to 1. Maintenance, unknown states and gaps in which tenk did not run do not count; null
 * where nothing is known.
 */
export interface Uptime {
  readonly day: number | null;
  readonly week: number | null;
  readonly month: number | null;
  readonly quarter: number | null;
}

/**
 * A day, short because 200 services send 90 of them each: 1 where it was up whenever anything is known, 0 where nothing is known, else seconds
 * in each state. What is missing to 24 hours is a gap in which tenk did not run or ask.
 */
export type DayBar =
  | 0
  | 1
  | readonly [upSeconds: number, degradedSeconds: number, downSeconds: number, unknownSeconds: number, maintenanceSeconds: number]; // biome-ignore format: one line

/** `GET /api/probe/service?name=git`; 404 for a service that is not probed. */
export interface ServiceAnswer {
  readonly view: ProbedServiceView;
  /** Newest first, at most 500. */
  readonly changes: readonly StateChange[];
  /** 90, oldest first. */
  readonly days: readonly ServiceDay[];
  /** The last 50, newest first. */
  readonly answers: readonly ProbeAnswer[];
}

export interface StateChange {
  readonly atMs: number;
  readonly from: ServiceState;
  readonly to: ServiceState;
  readonly reason: string | null;
}

export interface ServiceDay {
  /** `2026-11-30` */
  readonly day: string;
  readonly upMs: number;
  readonly degradedMs: number;
  readonly downMs: number;
  readonly unknownMs: number;
  readonly maintenanceMs: number;
}

export interface ProbeAnswer {
  readonly atMs: number;
  /** `restricted`: it is up, and wants to know who asks. `unknown`: this machine cannot look. */
  readonly result: "up" | "restricted" | "degraded" | "starting" | "down" | "unknown";
  readonly latencyMs: number | null;
  readonly reason: string | null;
}

/** `POST /api/probe/discover`: what listens on this machine and is not declared. */
export interface DiscoverAnswer {
  /** The block `services:` for `tenk.yaml`; names of programs are chosen by the programs. */
  readonly text: string;
  /** Services in it. */
  readonly found: number;
  /** Services that were found, and are declared already. */
  readonly declared: number;
}
