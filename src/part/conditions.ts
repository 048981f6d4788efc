import type { Problem } from "./problem.ts";

/** Something to watch, as it is now. */
export interface Condition extends Pick<Problem, "key" | "severity" | "subject" | "state" | "reason"> {
  /** It is over its limit now. */
  readonly isOver: boolean;
  /** It is so far from its limit that a problem has an end. A value near the limit changes nothing. @default {not over} */
  readonly isClear?: boolean;
  /** How long it must be over before that counts. @default {0} */
  readonly holdMs?: number;
  /** How long it must be clear before that counts. @default {holdMs} */
  readonly clearMs?: number;
}

interface Watched {
  condition: Condition;
  /** Since when it is over; undefined while it is not. */
  overSinceMs: number | undefined;
  /** Since when it is clear; undefined while it is not. */
  clearSinceMs: number | undefined;
  problem: Problem | undefined;
}

/**
 * Makes problems of conditions that last: a peak of a second is none, and a value that wavers around its limit is one problem, not
 * many. Pure: times are arguments.
 *
 * ```text
 *   95 ┤      ╭──╮  ╭─╮          ── limit: over for holdMs, and it is a problem
 *   90 ┤ ─────╯  ╰──╯ ╰──        ── between the two nothing changes
 *   85 ┤                 ╰────   ── clear for clearMs, and it is over
 * ```
 */
export class Conditions {
  readonly #watched = new Map<string, Watched>();

  get problems(): Problem[] {
    return [...this.#watched.values()].flatMap(({ problem }) => problem ?? []);
  }

  /** Keys of which it is not known yet whether they are problems: those that are not clear, as just after a start. */
  get undecided(): string[] {
    return [...this.#watched].flatMap(([key, { problem, clearSinceMs }]) =>
      problem === undefined && clearSinceMs === undefined ? [key] : [],
    );
  }

  /** Returns whether it is among the conditions that were taken last. */
  watches(key: string): boolean {
    return this.#watched.has(key);
  }

  /** Takes all conditions as they are now; one that is left out is forgotten. */
  take(conditions: readonly Condition[], nowMs: number): void {
    const before = new Map(this.#watched);
    this.#watched.clear();
    for (const condition of conditions) {
      const watched = before.get(condition.key) ?? {
        condition,
        overSinceMs: undefined,
        clearSinceMs: undefined,
        problem: undefined,
      };
      watched.condition = condition;
      judge(watched, nowMs);
      this.#watched.set(condition.key, watched);
    }
  }
}

function judge(watched: Watched, nowMs: number): void {
  const { isOver, isClear = !isOver, holdMs = 0, clearMs = holdMs, ...told } = watched.condition;
  watched.overSinceMs = isOver ? (watched.overSinceMs ?? nowMs) : undefined;
  watched.clearSinceMs = isClear ? (watched.clearSinceMs ?? nowMs) : undefined;
  if (watched.problem === undefined) {
    if (watched.overSinceMs === undefined || nowMs - watched.overSinceMs < holdMs) return;
    watched.problem = { ...told, sinceMs: watched.overSinceMs };
    return;
  }
  const isOverNow = watched.clearSinceMs !== undefined && nowMs - watched.clearSinceMs >= clearMs;
  watched.problem = isOverNow ? undefined : { ...told, sinceMs: watched.problem.sinceMs };
}
