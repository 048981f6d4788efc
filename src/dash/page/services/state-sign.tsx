import type { ServiceState } from "../../probe-api.ts";

const SIGNS: Readonly<Record<ServiceState, readonly [sign: string, tone: string]>> = {
  up: ["✓", "good"],
  degraded: ["▲", "warning"],
  starting: ["◐", "warning"],
  pending: ["◌", "plain"],
  down: ["✗", "bad"],
  unknown: ["?", "plain"],
  maintenance: ["■", "plain"],
};

/** A state as a shape, a word and a colour. */
export function StateSign({ state }: { readonly state: ServiceState }) {
  // A later version of the server may know more states.
  const [sign, tone] = SIGNS[state] ?? ["?", "plain"];
  return (
    <span class={`state ${tone}`}>
      <span aria-hidden="true">{sign}</span> {state}
    </span>
  );
}

export function toneOf(state: ServiceState): string {
  return SIGNS[state]?.[1] ?? "plain";
}
