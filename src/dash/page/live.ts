import type { LiveNames, LiveSecond, LogLine } from "../api.ts";
import type { LiveRun } from "../run.ts";

/** `live`: seconds arrive. `reconnecting`: none for some seconds. `stopped`: none for longer; the page keeps trying. */
export type LiveState = "connecting" | "live" | "reconnecting" | "stopped";

export interface LiveOptions {
  names(keys: readonly string[]): void;
  second(second: LiveSecond): void;
  log(line: LogLine): void;
  run(run: LiveRun | null): void;
  state(state: LiveState): void;
  /** Events were lost for good: the view must load again. */
  lost(): void;
}

/** A stream without a second for so long is dead, although the browser has not noticed, e.g. after a laptop slept. */
const SILENCE_MS = 5000;
/** The page shows `stopped` after so long without an event. */
const STOPPED_AFTER_MS = 15_000;
const RETRY_MS = 2000;

/**
 * Listens to `/api/live` for as long as the page is open. The browser reconnects with the last id it saw, and the server
 * sends the events since; where either cannot, a new stream begins and `lost` is called.
 */
export function listenLive(options: LiveOptions): void {
  let source: EventSource | undefined;
  let state: LiveState = "connecting";
  let lastHeardMs = Date.now();
  let lastSecondMs = 0;
  let lastWatchMs = lastHeardMs;
  /** When this page last woke up: while a laptop sleeps or a tab is frozen, the server is not at fault. */
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
    // Closed for good by a response that was no stream, or open and silent.
    if (
      source?.readyState === EventSource.CLOSED ||
      (silentMs > SILENCE_MS && source?.readyState === EventSource.OPEN)
    ) {
      // A new stream begins with the run in progress, and says nothing where there is none any more.
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
