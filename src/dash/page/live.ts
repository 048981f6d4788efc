import type { LiveNames, LiveSecond, LogLine } from "../api.ts";
import type { LiveRun } from "../run.ts";

/** `live`: seconds come. `reconnecting`: they will. `stopped`: nobody answers; it is tried every few seconds all the same. */
export type LiveState = "connecting" | "live" | "reconnecting" | "stopped";

export interface LiveOptions {
  names(keys: readonly string[]): void;
  second(second: LiveSecond): void;
  log(line: LogLine): void;
  run(run: LiveRun | null): void;
  state(state: LiveState): void;
  /** Events were lost for good: what is shown must be asked for again. */
  lost(): void;
}

/** How long without a second is a lost connection that has not been noticed, e.g. after a laptop slept. */
const SILENCE_MS = 5000;
/** How long it is tried before the page says that nobody is there. */
const STOPPED_AFTER_MS = 15_000;
const RETRY_MS = 2000;

/**
 * Listens to `/api/live` for as long as the page is open. The browser comes back by itself with the last id it saw, and the
 * box sends what was missed; where either cannot, we begin anew and say `lost`.
 */
export function listenLive(options: LiveOptions): void {
  let source: EventSource | undefined;
  let state: LiveState = "connecting";
  let lastHeardMs = Date.now();
  let lastSecondMs = 0;
  let lastWatchMs = lastHeardMs;
  /** When this page was awake and listened again: a laptop sleeps, a tab is frozen, and no box is to blame for that. */
  let wokenMs = lastHeardMs;

  const become = (next: LiveState) => {
    if (next === state) return;
    state = next;
    options.state(next);
  };
  const open = () => {
    source?.close();
    const opened = new EventSource("./api/live");
    source = opened;
    const on = <Data>(name: string, take: (data: Data) => void) =>
      opened.addEventListener(name, (event) => {
        lastHeardMs = Date.now();
        take(JSON.parse((event as MessageEvent<string>).data) as Data);
      });
    on<LiveNames>("names", ({ keys }) => options.names(keys));
    on<LiveSecond>("second", (second) => {
      const isHole = lastSecondMs > 0 && second.t > lastSecondMs + 1500;
      lastSecondMs = second.t;
      options.second(second);
      become("live");
      if (isHole) options.lost();
    });
    on<LogLine>("log", options.log);
    on<LiveRun | null>("run", options.run);
    opened.addEventListener("error", () => {
      if (state === "live") become("reconnecting");
    });
  };
  const watch = () => {
    const nowMs = Date.now();
    if (nowMs - lastWatchMs > RETRY_MS + SILENCE_MS) wokenMs = nowMs;
    lastWatchMs = nowMs;
    const silentMs = nowMs - lastHeardMs;
    if (silentMs > SILENCE_MS && state === "live") become("reconnecting");
    if (nowMs - Math.max(lastHeardMs, wokenMs) > STOPPED_AFTER_MS) become("stopped");
    // Closed for good by an answer that was no stream, or open and silent.
    if (
      source?.readyState === EventSource.CLOSED ||
      (silentMs > SILENCE_MS && source?.readyState === EventSource.OPEN)
    ) {
      // Who begins anew is told of a run in progress, not that there is none any more.
      options.run(null);
      open();
    }
  };
  open();
  setInterval(watch, RETRY_MS);
  // Timers of a hidden page may be a minute apart.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) watch();
  });
  addEventListener("online", watch);
}
