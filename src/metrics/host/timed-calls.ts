/** The result of a call: its value, or why there is none. */
export type CallResult<T> = { readonly value: T } | { readonly failure: string };

export interface TimedCallsOptions {
  /** How long one call may take, waiting for its slot included, in milliseconds. @default {1000} */
  readonly timeoutMs?: number;
  /** Calls that may run at one time, those that hang included; each holds a thread. @default {16} */
  readonly maxRunning?: number;
}

/** After this part of the timeout the next call starts beside the one that is running. */
const SLOW_AFTER = 1 / 20;
/** Names that are remembered, those of mounts and devices that are gone included. */
const MAX_NAMES = 4096;

interface QueuedCall {
  readonly name: string;
  start(): void;
}

/**
 * Runs calls that may never return: to a mount whose server is gone, to a sensor whose bus is stuck. A call cannot be
 * cancelled, and it holds its thread until it returns. So a name that timed out is not called again before that call has
 * returned, and the other names go on without it.
 *
 * One call runs at a time. When it is slow, the next one starts beside it, on another thread: a call that hangs costs only
 * its own result. The last slot is kept for names that have answered before.
 *
 * ```text
 *  run ─► waits for a slot ─► running ─► result
 *              │                 │ timeout
 *              ▼ timeout         ▼
 *         "no free thread"   "timeout", holds its slot and its name until the call returns
 * ```
 */
export class TimedCalls {
  readonly #timeoutMs: number;
  readonly #maxRunning: number;
  readonly #hanging = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #queue: QueuedCall[] = [];
  #running = 0;
  /** Running calls that no longer keep the next one waiting. */
  #slow = 0;

  constructor({ timeoutMs = 1000, maxRunning = 16 }: TimedCallsOptions = {}) {
    this.#timeoutMs = timeoutMs;
    this.#maxRunning = maxRunning;
  }

  /** Names that timed out and whose call has not returned yet. */
  get hanging(): readonly string[] {
    return [...this.#hanging];
  }

  /** Never rejects. */
  run<T>(name: string, call: () => Promise<T>): Promise<CallResult<T>> {
    if (this.#hanging.has(name)) return Promise.resolve({ failure: "timeout" });
    if (this.#hanging.size >= this.#slotsFor(name)) return Promise.resolve({ failure: "no free thread" });
    return new Promise((resolve) => {
      let isRunning = false;
      const queued: QueuedCall = {
        name,
        start: () => {
          isRunning = true;
          this.#start(name, call, (result) => {
            clearTimeout(timeout);
            resolve(result);
          });
        },
      };
      const timeout = setTimeout(() => {
        if (isRunning) this.#hanging.add(name);
        else this.#queue.splice(this.#queue.indexOf(queued), 1);
        resolve({ failure: isRunning ? "timeout" : "no free thread" });
      }, this.#timeoutMs);
      this.#queue.push(queued);
      this.#startNext();
    });
  }

  #slotsFor(name: string): number {
    return this.#answered.has(name) ? this.#maxRunning : Math.max(1, this.#maxRunning - 1);
  }

  #startNext(): void {
    while (this.#running === this.#slow) {
      const next = this.#queue.findIndex(({ name }) => this.#running < this.#slotsFor(name));
      if (next < 0) return;
      this.#queue.splice(next, 1)[0]!.start();
    }
  }

  #start<T>(name: string, call: () => Promise<T>, end: (result: CallResult<T>) => void): void {
    this.#running += 1;
    let isSlow = false;
    const stopClock = whenLate(this.#timeoutMs * SLOW_AFTER, () => {
      isSlow = true;
      this.#slow += 1;
      this.#startNext();
    });
    resultOf(call).then((result) => {
      stopClock();
      this.#running -= 1;
      if (isSlow) this.#slow -= 1;
      this.#hanging.delete(name);
      if (this.#answered.size >= MAX_NAMES) this.#answered.clear();
      this.#answered.add(name);
      end(result);
      this.#startNext();
    });
  }
}

/**
 * Calls `late` once, after `ms` during which the event loop was not blocked. While it is blocked, results wait to be read,
 * and a call may look late that is not.
 */
function whenLate(ms: number, late: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const arm = () => {
    const dueMs = performance.now() + ms;
    timer = setTimeout(() => (performance.now() - dueMs > ms ? arm() : late()), ms);
  };
  arm();
  return () => clearTimeout(timer);
}

/** Returns the call's result; an error becomes its code. */
export async function resultOf<T>(call: () => Promise<T>): Promise<CallResult<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { failure: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

/** Mounts and devices queue apart from each other: a dozen mounts of a server that is off must not delay the temperature. */
export interface HostTimeouts {
  readonly mounts: TimedCalls;
  /** For calls that ask a driver: sensors, network devices. */
  readonly devices: TimedCalls;
}

const processWide: HostTimeouts = { mounts: new TimedCalls(), devices: new TimedCalls() };

/** Returns the ones that all readers of this process share, since they share its threads. */
export function processTimeouts(): HostTimeouts {
  return processWide;
}
