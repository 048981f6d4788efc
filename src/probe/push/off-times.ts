/** A time in which tenk did not run, in milliseconds since 1970. */
export type OffTime = readonly [fromMs: number, toMs: number];

/**
 * Of the last ones only: a job whose every call falls into a restart would otherwise be excused for ever. After a few restarts the first missed
 * call counts.
 */
const MAX_OFF_TIMES = 4;
/** Two with less time between them are one: a tenk that fails to start ten times in a row was off once. */
const JOIN_MS = 10 * 60_000;

/** Adds a time to those that are known, in their order. */
export function withOffTime(known: readonly OffTime[], [fromMs, toMs]: OffTime): readonly OffTime[] {
  if (!(toMs > fromMs)) return known;
  const last = known.at(-1);
  if (last !== undefined && fromMs - last[1] < JOIN_MS)
    return [...known.slice(0, -1), [Math.min(last[0], fromMs), Math.max(last[1], toMs)]];
  return [...known, [fromMs, toMs] as const].slice(-MAX_OFF_TIMES);
}

/** Returns the first time that has something in common with a span; undefined if none has. */
export function offTimeIn(known: readonly OffTime[], fromMs: number, toMs: number): OffTime | undefined {
  return known.find(([from, to]) => from <= toMs && to >= fromMs);
}
