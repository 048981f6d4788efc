/** The result of a call: its answer, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly failure: string };

export interface PatienceOptions {
  /** How long one answer may take, waiting for its turn included, in milliseconds. @default {1000} */
  readonly deadlineMs?: number;
  /** Calls that may be under way at one time, those that hang included; each holds a thread. @default {16} */
  readonly maxUnderWay?: number;
}

/** A call takes this part of the deadline before the next one gets a turn beside it. */
const OVERTAKEN_AFTER = 1 / 20;
/** Names that are remembered, those of mounts and devices that are gone included. */
const MAX_NAMES = 4096;

interface Call {
  readonly name: string;
  begin(): void;
}

/**
 * Makes calls that may never return: to a mount whose server is gone, to a sensor whose bus is stuck. A call cannot be
 * cancelled, and it holds its thread until it returns. So a name whose deadline has passed is not called again before that
 * call has returned, and the others go on without it.
 *
 * One call is under way at a time. One that takes long is overtaken: the next gets a turn, and a thread, beside it. So what
 * hangs costs its own answer alone. The last turn is kept for names that have answered before.
 *
 * ```text
 *  ask ─► waits for a turn ─► under way ─► answer
 *              │                  │ deadline
 *              ▼ deadline         ▼
 *         "no free thread"    "timeout", holds its turn and its name until the call returns
 * ```
 */
export class Patience {
  readonly #deadlineMs: number;
  readonly #maxUnderWay: number;
  readonly #hanging = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #waiting: Call[] = [];
  #underWay = 0;
  /** Those under way that were overtaken. */
  #slow = 0;

  constructor({ deadlineMs = 1000, maxUnderWay = 16 }: PatienceOptions = {}) {
    this.#deadlineMs = deadlineMs;
    this.#maxUnderWay = maxUnderWay;
  }

  /** Names whose deadline has passed and whose call has not returned yet. */
  get hanging(): readonly string[] {
    return [...this.#hanging];
  }

  /** Never rejects. */
  ask<T>(name: string, call: () => Promise<T>): Promise<Answer<T>> {
    if (this.#hanging.has(name)) return Promise.resolve({ failure: "timeout" });
    if (this.#hanging.size >= this.#turnsFor(name)) return Promise.resolve({ failure: "no free thread" });
    return new Promise((resolve) => {
      let isUnderWay = false;
      const waiting: Call = {
        name,
        begin: () => {
          isUnderWay = true;
          this.#run(name, call, (answer) => {
            clearTimeout(deadline);
            resolve(answer);
          });
        },
      };
      const deadline = setTimeout(() => {
        if (isUnderWay) this.#hanging.add(name);
        else this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve({ failure: isUnderWay ? "timeout" : "no free thread" });
      }, this.#deadlineMs);
      this.#waiting.push(waiting);
      this.#beginNext();
    });
  }

  #turnsFor(name: string): number {
    return this.#answered.has(name) ? this.#maxUnderWay : Math.max(1, this.#maxUnderWay - 1);
  }

  #beginNext(): void {
    while (this.#underWay === this.#slow) {
      const next = this.#waiting.findIndex(({ name }) => this.#underWay < this.#turnsFor(name));
      if (next < 0) return;
      this.#waiting.splice(next, 1)[0]!.begin();
    }
  }

  #run<T>(name: string, call: () => Promise<T>, end: (answer: Answer<T>) => void): void {
    this.#underWay += 1;
    let isSlow = false;
    const stopClock = whenLate(this.#deadlineMs * OVERTAKEN_AFTER, () => {
      isSlow = true;
      this.#slow += 1;
      this.#beginNext();
    });
    answerOf(call).then((answer) => {
      stopClock();
      this.#underWay -= 1;
      if (isSlow) this.#slow -= 1;
      this.#hanging.delete(name);
      if (this.#answered.size >= MAX_NAMES) this.#answered.clear();
      this.#answered.add(name);
      end(answer);
      this.#beginNext();
    });
  }
}

/** Calls once after `ms` in which the event loop was not held up: else its answers wait, and the call is not what is late. */
function whenLate(ms: number, late: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const arm = () => {
    const dueMs = performance.now() + ms;
    timer = setTimeout(() => (performance.now() - dueMs > ms ? arm() : late()), ms);
  };
  arm();
  return () => clearTimeout(timer);
}

/** Returns the call's result; an error as its code. */
export async function answerOf<T>(call: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { failure: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

/** Mounts and devices wait apart from each other: a dozen mounts of a server that is off must not delay the temperature. */
export interface HostPatience {
  readonly mounts: Patience;
  /** For calls that ask a driver: sensors, network devices. */
  readonly devices: Patience;
}

const ofProcess: HostPatience = { mounts: new Patience(), devices: new Patience() };

/** Returns that of this process: what hangs hangs for all who ask. */
export function patienceOfProcess(): HostPatience {
  return ofProcess;
}
