import type { Container } from "../containers/mod.ts";
import type { OfferedService } from "../part/mod.ts";

/** Whether a container is there, on its way out, or not there. */
export type Presence = "here" | "leaving" | "gone";

/** Exit codes of a container that somebody stopped: it ended by itself, or by SIGINT, SIGKILL or SIGTERM. */
const STOPPED_CODES: readonly number[] = [0, 130, 137, 143];

/**
 * Returns whether a container's services stay. One that crashed is still there, and down; one that somebody stopped is on its way out.
 *
 * @param wasStopped as the engine's events told it; undefined where it ended before they were followed
 */
export function presenceOf(container: Container, wasStopped: boolean | undefined): Presence {
  const { state, exitCode = 0, isOutOfMemory, restartPolicy } = container;
  if (state === "running" || state === "paused" || state === "restarting") return "here";
  if (state === "created") return "gone";
  if (state === "removing") return "leaving";
  if (wasStopped !== undefined) return wasStopped ? "leaving" : "here";
  // The engine starts such a container again by itself, unless somebody stopped it.
  if (restartPolicy === "always" || restartPolicy === "unless-stopped") return "leaving";
  return isOutOfMemory || !STOPPED_CODES.includes(exitCode) ? "here" : "leaving";
}

interface Kept {
  readonly offer: OfferedService;
  /** Since when its container is not there; undefined while it is. */
  readonly leavingSinceMs: number | undefined;
}

/**
 * Keeps the services of containers that have gone for a grace time: a container that is restarted, or made anew by an update, comes back within
 * seconds, and its service must be down in between rather than vanish. Pure: times are arguments.
 */
export class Lifetimes {
  readonly #kept = new Map<string, Kept>();

  /**
   * Takes the services of all containers that are there.
   *
   * @param isAway an engine does not answer: as it may start containers again, the grace time begins when it does
   * @returns the services to offer, by name
   */
  take(here: readonly OfferedService[], nowMs: number, graceMs: number, isAway = false): readonly OfferedService[] {
    const names = new Set(here.map(({ name }) => name));
    for (const offer of here) this.#kept.set(offer.name, { offer, leavingSinceMs: undefined });
    for (const [name, { offer, leavingSinceMs = nowMs }] of this.#kept) {
      if (names.has(name)) continue;
      if (isAway) this.#kept.set(name, { offer, leavingSinceMs: nowMs });
      else if (nowMs - leavingSinceMs >= graceMs) this.#kept.delete(name);
      else this.#kept.set(name, { offer, leavingSinceMs });
    }
    return [...this.#kept.values()].map(({ offer }) => offer).sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Returns the service of a container that was offered last under a name. */
  last(name: string): OfferedService | undefined {
    return this.#kept.get(name)?.offer;
  }

  /** When the next service goes; Infinity where none is leaving. */
  nextMs(graceMs: number): number {
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...[...this.#kept.values()].map(({ leavingSinceMs = Number.POSITIVE_INFINITY }) => leavingSinceMs + graceMs),
    );
  }
}
