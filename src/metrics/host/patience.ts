import { availableParallelism } from "node:os";

/** What came of a question: its answer, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly failure: string };

export interface PatienceOptions {
  /** How long one answer may take, waiting for a free thread included, in milliseconds. @default {1000} */
  readonly deadlineMs?: number;
  /** Questions that may be under way at one time, those that hang included. @default {half of the runtime's threads} */
  readonly maxUnderWay?: number;
}

/** The runtime has a thread for each processor, and two at least, for all that it does off the main thread. */
const HALF_OF_THREADS = Math.max(1, availableParallelism() >> 1);

/**
 * Asks things that may never answer: a mount whose server is gone, a sensor whose bus is stuck. A call cannot be taken
 * back, and it holds a thread until it ends. So whoever let a deadline pass is not asked again before that call has come
 * back, and only so many may hang that the others' threads stay free, for everything else.
 *
 * ```text
 *  ask ─► waits for a turn ─► under way ─► answer
 *              │                  │ deadline
 *              ▼ deadline         ▼
 *         "no free thread"    "timeout", holds its turn and its name until the call ends
 * ```
 */
export class Patience {
  readonly #deadlineMs: number;
  readonly #maxUnderWay: number;
  readonly #hanging = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor({ deadlineMs = 1000, maxUnderWay = HALF_OF_THREADS }: PatienceOptions = {}) {
    this.#deadlineMs = deadlineMs;
    this.#maxUnderWay = maxUnderWay;
  }

  /** Names of what has let its deadline pass and has not come back yet. */
  get hanging(): readonly string[] {
    return [...this.#hanging];
  }

  /** Never rejects. */
  ask<T>(name: string, call: () => Promise<T>): Promise<Answer<T>> {
    if (this.#hanging.has(name)) return Promise.resolve({ failure: "timeout" });
    if (this.#hanging.size >= this.#maxUnderWay) return Promise.resolve({ failure: "no free thread" });
    return new Promise((resolve) => {
      let isUnderWay = false;
      const begin = () => {
        isUnderWay = true;
        this.#underWay += 1;
        const end = (answer: Answer<T>) => {
          clearTimeout(deadline);
          this.#underWay -= 1;
          this.#hanging.delete(name);
          this.#waiting.shift()?.();
          resolve(answer);
        };
        answerOf(call).then(end);
      };
      const deadline = setTimeout(() => {
        if (isUnderWay) this.#hanging.add(name);
        else this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        resolve({ failure: isUnderWay ? "timeout" : "no free thread" });
      }, this.#deadlineMs);
      if (this.#underWay < this.#maxUnderWay) begin();
      else this.#waiting.push(begin);
    });
  }
}

/** What a call came to; an error by its code. */
export async function answerOf<T>(call: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { failure: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

/** Mounts and devices wait apart from each other: a server in the house that is off must not take the temperature with it. */
export interface HostPatience {
  readonly mounts: Patience;
  /** What asks a driver: sensors, network devices. These hang seldom, and one at a time is asked. */
  readonly devices: Patience;
}

const ofProcess: HostPatience = { mounts: new Patience(), devices: new Patience({ maxUnderWay: 1 }) };

/** That of this process: the threads are its own too, so that whoever asks shares the bounds. */
export function patienceOfProcess(): HostPatience {
  return ofProcess;
}
