/** Wall clock, timers and chance, passed as one argument, so that tests decide all three. */
export interface Clock {
  /** Unix time in milliseconds. It may jump, in both directions. */
  now(): number;
  /** Milliseconds of a clock that never jumps. */
  elapsed(): number;
  /** Calls `work` once after `ms`; does not keep the process alive. Returns what cancels it. */
  later(work: () => void, ms: number): () => void;
  /** From 0 up to, not including, 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  random: Math.random,
  later(work, ms) {
    const timer = setTimeout(work, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
