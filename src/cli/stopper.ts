import { logOf } from "../base/mod.ts";

const log = logOf("cli");

/** The wish to end: by Ctrl-C, SIGTERM, or a key. */
export interface Stopper extends Disposable {
  /** Aborted at the first wish. */
  readonly signal: AbortSignal;
  /** The first time asks to stop; the second ends the process at once, as a shell expects of Ctrl-C (128 + 2). */
  request(): void;
}

/**
 * Who tells every process of a group (`timeout`, a service manager) tells us, and whoever started us, who passes it on: the same
 * signal again within this time is the same wish. Of a person's quick second Ctrl-C nothing is lost but that press: the time
 * counts from the first. (In a live view Ctrl-C is a key, which nobody passes on, and each press counts.)
 */
const ONE_WISH_MS = 250;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Turns Ctrl-C and SIGTERM into one signal, until disposed.
 *
 * @param says what the log says at the first wish; nothing when undefined
 * @param signals those that are a wish; a Ctrl-C, and what is sent to a group, goes to every process of it: one whose end another
 *   decides has none
 */
export function stopper(
  says?: string,
  signals: readonly NodeJS.Signals[] = SIGNALS,
  nowMs: () => number = () => performance.now(),
): Stopper {
  const controller = new AbortController();
  function request() {
    if (controller.signal.aborted) process.exit(130);
    if (says !== undefined) log.info(`${says}; Ctrl-C again ends at once`);
    controller.abort();
  }
  const wishedAtMs = new Map<NodeJS.Signals, number>();
  function onSignal(name: NodeJS.Signals) {
    if (nowMs() - (wishedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < ONE_WISH_MS) return;
    wishedAtMs.set(name, nowMs());
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
