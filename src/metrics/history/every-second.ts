/**
 * Calls `tick` once a second, near the middle of the second: a timer that is late by less than half a second still falls into
 * its own second, so that no second is skipped and none comes twice.
 *
 * @example
 * const sampling = everySecond((nowMs, elapsedMs) => console.log(nowMs, elapsedMs));
 * sampling.stop();
 */
export function everySecond(tick: (nowMs: number, elapsedMs: number) => void): { stop(): void } {
  let timer: ReturnType<typeof setTimeout>;
  function plan() {
    timer = setTimeout(run, waitMs(Date.now()));
    timer.unref();
  }
  function run() {
    plan();
    tick(Date.now(), performance.now());
  }
  plan();
  return { stop: () => clearTimeout(timer) };
}

/**
 * Returns the time from now to the middle of the next second, never so short that two calls fall into one second.
 *
 * @example
 * waitMs(10_000); // 1500
 * waitMs(10_499); // 1001
 * waitMs(10_900); // 600
 */
export function waitMs(nowMs: number): number {
  return 1500 - (nowMs % 1000);
}
