import { median } from "./table.ts";

/** What is measured: a server or a generator. */
export interface Measured {
  /** As `--only` takes it. */
  readonly name: string;
  /** Makes it runnable; what stands in the way is returned, and it is skipped by name. */
  prepare(): string | undefined;
  version(): string;
}

/** A run: what was measured by name, in the order of the list, and what was not, and why. */
export interface Outcome<Result> {
  readonly results: ReadonlyMap<string, Result>;
  readonly versions: Readonly<Record<string, string>>;
  readonly skipped: Readonly<Record<string, string>>;
}

/** Those of `all` that are wanted (`only` empty = all) and can run. */
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

/** The middle of what several rounds showed. `NaN` where there was none. */
export function middle<Round>(rounds: readonly Round[] | undefined, of: (round: Round) => number): number {
  return median((rounds ?? []).map(of));
}

/**
 * How many times `base` the other is: the median of the quotients of each round, since what the machine did in a round
 * fell on both. `NaN` where either was not measured.
 */
export function pairedRatio(values: readonly number[], base: readonly number[]): number {
  return median(quotients(values, base));
}

/** How many times `base` the other is in each round. */
export function quotients(values: readonly number[], base: readonly number[]): number[] {
  return values.slice(0, base.length).map((value, round) => value / base[round]!);
}

/** Who is visited in which order: all in each round, every second round in reverse, so that slow drift falls on all alike. */
export function visits<Visited>(all: readonly Visited[], rounds: number): Visited[] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? [...all] : [...all].reverse())).flat();
}
