import { TenkError } from "../../base/mod.ts";
import { eventLoops } from "../../limits/mod.ts";
import type { LoopVitals } from "../vitals.ts";
import { Deployment } from "./deployment.ts";
import type { DeploymentOptions, Instance } from "./instance.ts";
import { Slot, type SlotOwner } from "./slot.ts";
import type { OwnRequest } from "./thread-messages.ts";

/** One thread of the pool and its heap; a thread that does not answer has none. */
export interface ThreadVitals extends LoopVitals {
  /** From 0 on; a thread that is started again keeps its number. */
  readonly thread: number;
}

/**
 * Threads that run programs, each with its own event loop. Deployments share them: five listeners on four threads each run on
 * the same four. A thread starts with its first deployment and ends with its last.
 *
 * ```text
 *   const threads = new ThreadPool(2);
 *   await listen({ port: 7000, workers: "auto", threads }, new URL("./chat.ts", import.meta.url));
 * ```
 */
export class ThreadPool {
  /** Threads to start before any is shared. */
  readonly size: number;
  readonly #slots: Slot[] = [];
  readonly #owner: SlotOwner = {
    setApart: (instance) => this.#setApart(instance),
    vacated: (slot) => void this.#slots.splice(this.#slots.indexOf(slot), 1),
  };

  /** @param size whole, from 1 to 256 @default {one a core that this process may use} @throws {TenkError} `invalid-option` */
  constructor(size: number = eventLoops()) {
    if (!Number.isInteger(size) || size < 1 || size > 256)
      throw new TenkError("invalid-option", `Cannot use size as it must be 1 to 256: current value is ${size}`);
    this.size = size;
  }

  /** Threads that run now, or are about to. */
  get count(): number {
    return this.#slots.length;
  }

  /** Returns a deployment, which starts each instance on another thread; more instances than `size` enlarge the pool. */
  deployment(options: DeploymentOptions): Deployment {
    return new Deployment(options, (taken) => this.#slotBeside(taken));
  }

  /** Returns the vitals of the threads that answer. */
  async vitals(): Promise<ThreadVitals[]> {
    const each = await this.#requestAll({ what: "vitals" });
    return each.map(([thread, value]) => ({ ...(value as LoopVitals), thread }));
  }

  /** Returns the value registered under a name, once for each thread, however many listeners it has. */
  async request(name: string): Promise<unknown[]> {
    return (await this.#requestAll({ what: "registered", name })).map(([, value]) => value);
  }

  /** Returns the names of the listeners on threads that do not answer in time. */
  async silent(withinMs: number): Promise<string[]> {
    const names = this.#slots.map(async (slot) => {
      const outcome = await slot.thread?.own({ what: "ping" }, withinMs);
      return outcome?.kind === "silent" ? [slot.names()] : [];
    });
    return (await Promise.all(names)).flat();
  }

  async #requestAll(own: OwnRequest): Promise<[thread: number, value: unknown][]> {
    const outcomes = this.#slots.map(async ({ index, thread }) => [index, await thread?.own(own)] as const);
    return (await Promise.all(outcomes)).flatMap(([index, outcome]) =>
      outcome?.kind === "answer" ? [[index, outcome.value] as [number, unknown]] : [],
    );
  }

  /** Returns the slot with the fewest instances, or a new one while there are fewer than `size` or all are taken. */
  #slotBeside(taken: readonly (Slot | undefined)[]): Slot {
    const shared = this.#slots.filter(({ isApart }) => !isApart);
    const free = shared.filter((slot) => !taken.includes(slot));
    const [least] = free.toSorted((one, other) => one.instances.size - other.instances.size);
    return least === undefined || shared.length < this.size ? this.#newSlot(false) : least;
  }

  #newSlot(isApart: boolean): Slot {
    let index = 0;
    while (this.#slots.some((slot) => slot.index === index)) index += 1;
    const slot = new Slot(index, this.#owner, isApart);
    this.#slots.push(slot);
    this.#slots.sort((one, other) => one.index - other.index);
    return slot;
  }

  #setApart(instance: Instance): void {
    instance.slot?.remove(instance);
    const slot = this.#newSlot(true);
    slot.add(instance);
    slot.startAgain();
  }
}

/** The threads of this process, one a core, unless a listener names others. */
export const sharedThreads = new ThreadPool();
