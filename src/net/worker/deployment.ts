import { setTimeout as wait } from "node:timers/promises";
import { type DeploymentOptions, Instance, type Life } from "./instance.ts";
import type { Outcome } from "./outcome.ts";
import type { Slot } from "./slot.ts";

/** What an instance gets beyond the grace to answer that it has stopped. */
const STOP_SLACK_MS = 1000;
/** What a timer can hold. */
const LONGEST_MS = 2 ** 31 - 1;

/** A program that runs on several threads of the pool. */
export class Deployment {
  readonly #options: DeploymentOptions;
  readonly #slotBeside: (taken: readonly (Slot | undefined)[]) => Slot;
  readonly #instances: Instance[] = [];
  readonly #hurried = Promise.withResolvers<void>();
  #stopping: Promise<void> | undefined;

  /** @param slotBeside finds a thread that has none of its instances yet */
  constructor(options: DeploymentOptions, slotBeside: (taken: readonly (Slot | undefined)[]) => Slot) {
    this.#options = options;
    this.#slotBeside = slotBeside;
  }

  /** Starts instances one after the other. @throws {TenkError} what the first that cannot start says; all are stopped then */
  async start(count: number): Promise<void> {
    try {
      for (let index = 0; index < count; index++) {
        const instance = new Instance(index, this.#options);
        const slot = this.#slotBeside(this.#instances.map((each) => each.slot));
        this.#instances.push(instance);
        slot.add(instance);
        await slot.start(instance);
      }
    } catch (error) {
      await this.stop(0);
      throw error;
    }
  }

  /** By index; undefined where one is about to be started again. */
  lives(): readonly (Life | undefined)[] {
    return this.#instances.map(({ life }) => life);
  }

  /** The thread of each instance. */
  threads(): readonly (number | undefined)[] {
    return this.#instances.map(({ slot }) => slot?.index);
  }

  /** Starts one again, without its thread. */
  restart(life: Life): void {
    const instance = this.#instances.find((each) => each.life === life);
    if (instance !== undefined) void instance.slot?.restart(instance);
  }

  /** Resolves when all have ended. A second call ends them at once. */
  stop(graceMs: number): Promise<void> {
    if (this.#stopping !== undefined) this.#hurry();
    this.#stopping ??= Promise.all(this.#instances.map((each) => this.#stopOne(each, graceMs))).then(() => {});
    return this.#stopping;
  }

  #hurry(): void {
    for (const life of this.lives()) void life?.stop(0, STOP_SLACK_MS);
    this.#hurried.resolve();
  }

  async #stopOne(instance: Instance, graceMs: number): Promise<void> {
    instance.isStopping = true;
    clearTimeout(instance.retry);
    const { life } = instance;
    if (life !== undefined) {
      const stopped = life.stop(graceMs, Math.min(graceMs + STOP_SLACK_MS, LONGEST_MS));
      const outcome = await Promise.race([stopped, this.#overdue()]);
      if (outcome.kind === "silent") await instance.slot?.giveUp(instance);
    }
    instance.slot?.remove(instance);
    instance.life = undefined;
  }

  async #overdue(): Promise<Outcome> {
    await this.#hurried.promise;
    return wait(STOP_SLACK_MS, { kind: "silent" }, { ref: false });
  }
}
