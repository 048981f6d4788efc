import type {
  DayBar,
  ProbedServiceView,
  ProblemView,
  ServiceAnswer,
  ServiceDay,
  ServiceState,
} from "../../src/dash/mod.ts";

const DAY_MS = 86_400_000;
const DAYS = 90;

/** A service that is well, and whatever a test makes of it. */
export function fakeService(service: string, more: Partial<ProbedServiceView> = {}): ProbedServiceView {
  return {
    service,
    state: "up",
    sinceMs: Date.now() - 3 * DAY_MS,
    reason: null,
    latencyMs: 12.3,
    version: null,
    role: null,
    certificateUntilMs: null,
    kind: "http",
    address: "http://127.0.0.1:3000",
    url: `https://${service}.home.arpa/`,
    group: null,
    after: null,
    uptime: { day: 1, week: 0.9998, month: 0.9991, quarter: 0.997_34 },
    days: fakeDays(service.length),
    ...more,
  };
}

/** Ninety days with an outage now and then, the first weeks before tenk was there. */
export function fakeDays(seed: number): DayBar[] {
  return Array.from({ length: DAYS }, (_, at) => {
    const dice = (at * 7919 + seed * 104_729) % 97;
    if (at < 14) return 0;
    if (dice < 3) return [85_200, 0, 1200, 0, 0];
    if (dice < 6) return [80_000, 6400, 0, 0, 0];
    if (dice < 7) return [80_000, 0, 0, 0, 6400];
    return 1;
  });
}

const NAMES = "git registry cache photos music movies books notes mail chat backup router printer vpn".split(" ");
const GROUPS = ["Code", "Code", "Code", "Media", "Media", "Media", "Media"];

/** As many services as wanted; every tenth is not up. */
export function fakeServices(count: number): ProbedServiceView[] {
  const states: readonly ServiceState[] = ["down", "degraded", "starting", "pending", "maintenance"];
  return Array.from({ length: count }, (_, at) => {
    const name = at < NAMES.length ? NAMES[at]! : `service-${at + 1}`;
    const state = count > 20 && at % 10 === 9 ? states[Math.floor(at / 10) % states.length]! : "up";
    return fakeService(name, {
      state,
      group: GROUPS[at] ?? null,
      reason: state === "down" ? "nothing listens on 127.0.0.1:3000: is it running?" : null,
      latencyMs: 1 + ((at * 37) % 400) / 7,
      version: at % 3 === 0 ? `1.${at}.0` : null,
      certificateUntilMs: at % 4 === 0 ? Date.now() + (5 + at) * DAY_MS : null,
      ...(at % 5 === 2 && { kind: "redis", address: "redis://127.0.0.1:6379", url: null, role: "master" }),
    });
  });
}

/** What the part would say of services that are not well. */
export function fakeProblems(services: readonly ProbedServiceView[]): ProblemView[] {
  return services.flatMap(({ service, state, reason, sinceMs, after }) => {
    if (!["down", "degraded", "starting", "unknown", "maintenance"].includes(state)) return [];
    return [
      {
        key: `service/${service}`,
        severity: state === "degraded" || state === "starting" ? "warning" : "critical",
        subject: service,
        state,
        reason: reason ?? "",
        sinceMs,
        ...(state === "unknown" && after ? { behind: `service/${after}` } : {}),
        ...(state === "starting" || state === "maintenance" ? { isMuted: true } : {}),
      },
    ];
  });
}

/** `GET /api/probe/service`, of a service that was down half an hour ago. */
export function fakeServiceAnswer(view: ProbedServiceView, nowMs = Date.now()): ServiceAnswer {
  const [minute, hour] = [60_000, 3_600_000];
  const days = (view.days ?? []).map((bar, at): ServiceDay => {
    const [up, degraded, down, unknown, maintenance] =
      bar === 0 ? [0, 0, 0, 0, 0] : bar === 1 ? [86_400, 0, 0, 0, 0] : bar;
    return {
      day: new Date(nowMs - (DAYS - 1 - at) * DAY_MS).toISOString().slice(0, 10),
      upMs: up * 1000,
      degradedMs: degraded * 1000,
      downMs: down * 1000,
      unknownMs: unknown * 1000,
      maintenanceMs: maintenance * 1000,
    };
  });
  const why = view.reason ?? "nothing listens on 127.0.0.1:3000: is it running?";
  return {
    view,
    days,
    changes: [
      { atMs: nowMs - 28 * minute, from: "down", to: "up", reason: null },
      { atMs: nowMs - 41 * minute, from: "up", to: "down", reason: why },
      { atMs: nowMs - 50 * hour, from: "degraded", to: "up", reason: null },
      { atMs: nowMs - 51 * hour, from: "up", to: "degraded", reason: "it took 2.4 s to answer" },
    ],
    answers: Array.from({ length: 50 }, (_, at) => ({
      atMs: nowMs - at * 30_000,
      result: at > 55 && at < 80 ? ("down" as const) : ("up" as const),
      latencyMs: 10 + ((at * 31) % 17),
      reason: at === 4 ? why : null,
    })),
  };
}
