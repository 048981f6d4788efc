import { logOf } from "../base/mod.ts";

const log = logOf("cli");

/** A request to stop, by Ctrl-C, SIGTERM, or a key. */
export interface Stopper extends Disposable {
  /** Aborts at the first request. */
  readonly signal: AbortSignal;
  /** Requests a stop; the second time ends the process at once, with the exit code of Ctrl-C (128 + 2). */
  request(): void;
}

/**
 * A signal to the whole process group (of `timeout`, a service manager) may come twice: also from the parent, which passes it on.
 * The same signal within this time counts once. (In a live view Ctrl-C is a key, and each press counts.)
 */
const SAME_REQUEST_MS = 250;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Turns Ctrl-C and SIGTERM into one signal, until disposed.
 *
 * @param message logged at the first request; nothing when undefined
 * @param signals those that request a stop; the others of SIGINT and SIGTERM are ignored, for a process whose parent decides
 */
export function stopper(
  message?: string,
  signals: readonly NodeJS.Signals[] = SIGNALS,
  nowMs: () => number = () => performance.now(),
): Stopper {
  const controller = new AbortController();
  function request() {
    if (controller.signal.aborted) process.exit(130);
    if (message !== undefined) log.info(`${message}; Ctrl-C again ends at once`);
    controller.abort();
  }
  const requestedAtMs = new Map<NodeJS.Signals, number>();
  function onSignal(name: NodeJS.Signals) {
    if (nowMs() - (requestedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < SAME_REQUEST_MS) return;
    requestedAtMs.set(name, nowMs());
    request();
  }
  const ignored = SIGNALS.filter((name) => !signals.includes(name));
  for (const name of signals) process.on(name, onSignal);
  for (const name of ignored) process.on(name, ignore);
  return {
    signal: controller.signal,
    request,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, onSignal);
      for (const name of ignored) process.off(name, ignore);
    },
  };
}

function ignore(): void {}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
