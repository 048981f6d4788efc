import { median } from "./table.ts";

/** What was measured, by name of the measured, in the order in which it was first visited. */
export type Rounds<Round> = ReadonlyMap<string, readonly Round[]>;

/** Over all rounds of `name`; a round may bring several values. `NaN` where it was not visited. */
export function middle<Round>(rounds: Rounds<Round>, name: string, of: (round: Round) => readonly number[]): number {
  return median((rounds.get(name) ?? []).flatMap(of));
}

/** Who is visited in which order: all in each round, every second round in reverse, so that slow drift falls on all alike. */
export function visits<Visited>(all: readonly Visited[], rounds: number): Visited[] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? [...all] : [...all].reverse())).flat();
}
