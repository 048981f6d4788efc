import type { Outcome } from "../health/mod.ts";

export interface Boot {
  /** Since the start of the machine. */
  readonly machineUpMs: number;
  /** How long services may take to start with it. */
  readonly graceMs: number;
  /** The service is known to be down. */
  readonly isDown: boolean;
}

/**
 * Takes a service that does not answer soon after the machine's start for one that is starting: after a power failure services, the network
 * and its name server come up later than tenk, which is no outage of each of them. One that was down before stays so.
 */
export function withBootGrace(outcome: Outcome, { machineUpMs, graceMs, isDown }: Boot): Outcome {
  if (outcome.result !== "down" || isDown || machineUpMs >= graceMs) return outcome;
  const seconds = Math.round(machineUpMs / 1000);
  return { result: "starting", facts: {}, reason: `${outcome.reason} (this machine started ${seconds} s ago)` };
}
