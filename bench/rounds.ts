import { median } from "./table.ts";

/** A server or a generator under test. */
export interface Measured {
  /** Its name for `--only`. */
  readonly name: string;
  /** Makes it runnable, or returns the reason why it is skipped. */
  prepare(): string | undefined;
  version(): string;
}

/** Results of a run by name, in the order of the list, and the skipped peers with reasons. */
export interface Outcome<Result> {
  readonly results: ReadonlyMap<string, Result>;
  readonly versions: Readonly<Record<string, string>>;
  readonly skipped: Readonly<Record<string, string>>;
}

/** Returns the peers that are selected (`only` empty = all) and can run. */
export function ready<Each extends Measured>(all: readonly Each[], only: readonly string[]) {
  const versions: Record<string, string> = {};
  const skipped: Record<string, string> = {};
  const chosen = all.filter((each) => {
    if (only.length > 0 && !only.includes(each.name)) return false;
    const reason = each.prepare();
    if (reason === undefined) versions[each.name] = each.version();
    else skipped[each.name] = reason;
    return reason === undefined;
  });
  return { chosen, versions, skipped };
}

/** Returns the median over rounds; `NaN` without any. */
export function middle<Round>(rounds: readonly Round[] | undefined, of: (round: Round) => number): number {
  return median((rounds ?? []).map(of));
}

/**
 * Returns the ratio to `base` as the median of the ratios of each round, since a disturbance of a round affects both. `NaN`
 * where either was not measured.
 */
export function pairedRatio(values: readonly number[], base: readonly number[]): number {
  return median(quotients(values, base));
}

/** Returns the ratio to `base` in each round. */
export function quotients(values: readonly number[], base: readonly number[]): number[] {
  return values.slice(0, base.length).map((value, round) => value / base[round]!);
}

/** Returns the order of visits: all in each round, every second round in reverse, so that slow drift affects all alike. */
export function visits<Visited>(all: readonly Visited[], rounds: number): Visited[] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? [...all] : [...all].reverse())).flat();
}
