export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/**
 * No clock that is right shows less: this program is not older. A machine without a battery for its clock starts in 1970, or where
 * it stopped.
 */
export const EARLIEST_MS = Date.UTC(2026, 0, 1);

export const ROOT_LIFE_MS = 3650 * DAY_MS;
/** Three leaf lives, so that a new intermediate always outlives the leaves it signs until its own renewal. */
export const INTERMEDIATE_LIFE_MS = 90 * DAY_MS;
export const LEAF_LIFE_MS = 30 * DAY_MS;
/** Certificates begin a day before they are made, for clients whose clock is behind. */
export const BACKDATED_MS = DAY_MS;

/** From when on a certificate is renewed: a third of its life is left. */
export function renewalMs({ notBeforeMs, notAfterMs }: { notBeforeMs: number; notAfterMs: number }): number {
  return notAfterMs - (notAfterMs - notBeforeMs) / 3;
}
