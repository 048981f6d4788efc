import type { Problem } from "../../part/mod.ts";
import type { State } from "../health/mod.ts";
import type { ProbedService } from "../schedule/mod.ts";

const SEVERITIES: Partial<Record<State, Problem["severity"]>> = {
  degraded: "warning",
  starting: "warning",
  down: "critical",
};

/** Returns a problem for each service that is not well; one behind another that is down refers to that. */
export function probeProblems(services: readonly ProbedService[]): Problem[] {
  return services.flatMap((service) => {
    const { name, state, parent, health } = service;
    const severity = SEVERITIES[health.state];
    if (severity === undefined) return [];
    const { sinceMs, reason = "" } = health;
    const behind = state === "unknown" && parent !== undefined ? { behind: problemKey(parent) } : {};
    const muted = state === "starting" || state === "maintenance" ? { isMuted: true } : {};
    const told = state === "maintenance" ? "under maintenance" : state;
    return [{ key: problemKey(name), severity, subject: name, state: told, reason, sinceMs, ...behind, ...muted }];
  });
}

/** Returns the keys of services of which nothing is known yet. */
export function undecidedProblems(services: readonly ProbedService[]): string[] {
  return services.flatMap(({ name, health }) => (health.state === "pending" ? [problemKey(name)] : []));
}

/** Key of the problem that a service is not well. */
export function problemKey(service: string): string {
  return `service/${service}`;
}
