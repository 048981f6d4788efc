import type { ContainerNote } from "../../part/mod.ts";
import type { Outcome } from "../health/mod.ts";

/**
 * Adds to the outcome of a probe what the engine knows of the container behind the service: why it does not answer; and that it is down where a
 * proxy of the engine still accepts connections for it.
 */
export function withContainerNote(outcome: Outcome, note: ContainerNote | undefined): Outcome {
  if (note === undefined || outcome.result === "starting") return outcome;
  const { text, isDown } = note;
  if (outcome.result === "down") return { ...outcome, reason: `${text}; ${outcome.reason}` };
  if (isDown) return { result: "down", facts: outcome.facts, reason: text };
  if (outcome.result === "unknown") return outcome;
  const more = "reason" in outcome ? `; ${outcome.reason}` : "";
  return { result: "degraded", facts: outcome.facts, reason: text + more };
}
