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
    const behind = state === "unknown" && parent !== undefined ? { behind: keyOf(parent) } : {};
    const muted = state === "starting" ? { isMuted: true } : {};
    return [{ key: keyOf(name), severity, subject: name, state, reason, sinceMs, ...behind, ...muted }];
  });
}

function keyOf(service: string): string {
  return `service/${service}`;
}
