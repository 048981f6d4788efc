/**
 * Measures the lag of the thread it is called on, by a timer that asks every `everyMs` (ten a second cost 0.1 % of a core
 * while nothing else happens, a hundred 0.5 %). Our own, because the runtime's
 * `monitorEventLoopDelay` is one for the whole process: whoever resets it, resets everyone's. The runtime's timers count
 * in milliseconds, so an idle loop shows up to one.
 */
export function measureLoopLag(onLag: (lagMs: number) => void, everyMs = 100): { stop(): void } {
  let dueMs = performance.now() + everyMs;
  const timer = setTimeout(tick, everyMs);
  timer.unref();
  function tick() {
    const nowMs = performance.now();
    onLag(Math.max(0, nowMs - dueMs));
    dueMs = nowMs + everyMs;
    timer.refresh();
  }
  return { stop: () => clearTimeout(timer) };
}
