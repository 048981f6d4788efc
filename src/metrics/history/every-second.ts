/**
 * Calls `tick` once a second, near its middle: a timer that is late by less than half a second still falls into the second
 * it is for, so that none is left out and none comes twice.
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
 * From a moment to the middle of the next second; never so short that two come into one.
 *
 * @example
 * waitMs(10_000); // 1500
 * waitMs(10_499); // 1001
 * waitMs(10_900); // 600
 */
export function waitMs(nowMs: number): number {
  return 1500 - (nowMs % 1000);
}
