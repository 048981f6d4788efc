import { logOf } from "../base/mod.ts";

const log = logOf("cli");

/** The wish to end: by Ctrl-C, SIGTERM, or a key. */
export interface Stopper extends Disposable {
  /** Aborted at the first wish. */
  readonly signal: AbortSignal;
  /** The first time asks to stop; the second ends the process at once, as a shell expects of Ctrl-C (128 + 2). */
  request(): void;
}

/** Who tells every process of a group (`timeout`, a service manager) is passed on as well by the one that started us. */
const ONE_WISH_MS = 250;

/**
 * Turns Ctrl-C and SIGTERM into one signal, until disposed.
 *
 * @param says what the log says at the first wish; nothing when undefined
 * @param signals a Ctrl-C goes to every process of the terminal: one whose end another decides leaves SIGINT out
 */
export function stopper(
  says?: string,
  signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"],
  nowMs: () => number = () => performance.now(),
): Stopper {
  const controller = new AbortController();
  function request() {
    if (controller.signal.aborted) process.exit(130);
    if (says !== undefined) log.info(`${says}; Ctrl-C again ends at once`);
    controller.abort();
  }
  let terminatedAtMs = Number.NEGATIVE_INFINITY;
  function onSignal(name: NodeJS.Signals) {
    const sinceMs = nowMs() - terminatedAtMs;
    if (name === "SIGTERM" && sinceMs < ONE_WISH_MS) return;
    if (name === "SIGTERM") terminatedAtMs = nowMs();
    request();
  }
  const ignored = signals.includes("SIGINT") ? [] : ["SIGINT"];
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
