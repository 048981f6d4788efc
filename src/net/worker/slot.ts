import { setTimeout as wait } from "node:timers/promises";
import { logOf, messageOf } from "../../base/mod.ts";
import { BackOff } from "./back-off.ts";
import type { Instance } from "./instance.ts";
import { REQUEST_TIMEOUT_MS } from "./outcome.ts";
import { Thread } from "./thread.ts";

const log = logOf("net");

/** An instance that takes longer to start again no longer delays the others of its thread. */
const SLOW_START_MS = 5000;

/** Threads start one after the other; several at once have crashed the runtime under load (oven-sh/bun#41022). */
let starting: Promise<unknown> = Promise.resolve();

/** The pool, as its slots use it. */
export interface SlotOwner {
  /** Gives an instance a thread that it shares with no other. */
  setApart(instance: Instance): void;
  /** Called when the last instance of a slot is gone. */
  vacated(slot: Slot): void;
}

/** A place in the pool: a thread, started again when it ends, and the instances deployed on it. */
export class Slot {
  readonly index: number;
  /** Whether it runs a single instance, one that crashed a thread as it started. */
  readonly isApart: boolean;
  readonly instances = new Set<Instance>();
  thread: Thread | undefined;
  readonly #owner: SlotOwner;
  readonly #backOff = new BackOff();
  #restart: ReturnType<typeof setTimeout> | undefined;
  #opening: Promise<Thread> | undefined;

  constructor(index: number, owner: SlotOwner, isApart = false) {
    this.index = index;
    this.#owner = owner;
    this.isApart = isApart;
  }

  add(instance: Instance): void {
    instance.slot = this;
    this.instances.add(instance);
  }

  /** The names of its instances, for the log. */
  names(): string {
    return [...this.instances].map(({ options }) => options.name).join(",");
  }

  /** Ends the thread with its last instance. */
  remove(instance: Instance): void {
    instance.slot = undefined;
    if (!this.instances.delete(instance) || this.instances.size > 0) return;
    clearTimeout(this.#restart);
    this.#owner.vacated(this);
    void this.thread?.terminate();
  }

  /** @throws the instance's own error, or `worker-failed` */
  async start(instance: Instance): Promise<void> {
    await instance.start(await this.#ready());
  }

  /** Starts everything that does not run, the thread included, after its back-off. */
  startAgain(): number {
    const waitMs = this.#backOff.next();
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => void this.#startAll(), waitMs);
    return waitMs;
  }

  /** Restarts a running instance; the others of the thread go on. */
  async restart(instance: Instance): Promise<void> {
    const { life } = instance;
    const outcome = await life?.stop(0, REQUEST_TIMEOUT_MS);
    if (outcome?.kind === "silent") await this.#leaveOrEnd(instance);
    // Where the thread has ended, the instance starts again with it.
    if (instance.life !== life) return;
    instance.lost();
    this.#retry(instance);
  }

  /** Gives up an instance that has not stopped in time, and ends the thread if no other instance needs it. */
  async giveUp(instance: Instance): Promise<void> {
    instance.isOverdue = true;
    if ([...this.instances].every(({ isOverdue }) => isOverdue)) return this.thread?.terminate();
    return this.#leaveOrEnd(instance);
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  /** A thread that answers goes on without the instance. A blocked thread serves nobody, so it is restarted with the others. */
  async #leaveOrEnd({ life }: Instance): Promise<void> {
    const { thread } = this;
    const outcome = await thread?.own({ what: "ping" });
    if (outcome?.kind === "answer") life?.forget();
    if (outcome?.kind !== "silent") return;
    log.error("worker terminated: event loop blocked", { thread: this.index, listeners: this.names() });
    return thread?.terminate();
  }

  #ready(): Promise<Thread> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  #open(): Promise<Thread> {
    const opened = starting.then(async () => {
      const thread = new Thread(this.index);
      this.thread = thread;
      void thread.ended.then(() => this.#ended(thread));
      await thread.ready;
      // Every instance that waited for it was stopped meanwhile.
      if (this.instances.size === 0) void thread.terminate();
      return thread;
    });
    starting = opened.catch(() => {});
    return opened;
  }

  async #startAll(): Promise<void> {
    const thread = await this.#ready();
    const suspectsFirst = [...this.instances].sort((one, other) => Number(other.isSuspect) - Number(one.isSuspect));
    for (const instance of suspectsFirst) {
      if (!this.#mayStart(instance)) continue;
      // One after the other, so that it is known whose start crashed the thread.
      await Promise.race([this.#startOne(instance, thread), wait(SLOW_START_MS, undefined, { ref: false })]);
    }
  }

  #mayStart(instance: Instance): boolean {
    return this.instances.has(instance) && instance.isToRunAgain;
  }

  async #startOne(instance: Instance, thread: Thread): Promise<void> {
    try {
      await instance.start(thread);
    } catch (error) {
      // The end of the thread restarts all of them.
      if (thread.isEnded) return;
      const { index: worker, options } = instance;
      log.error("worker failed to start", { name: options.name, worker, error: messageOf(error) });
      this.#retry(instance);
    }
  }

  #retry(instance: Instance): void {
    instance.retry = setTimeout(() => {
      if (this.thread !== undefined && this.#mayStart(instance)) void this.#startOne(instance, this.thread);
    }, instance.backOff.next());
  }

  #ended(thread: Thread): void {
    if (this.thread !== thread) return;
    this.thread = undefined;
    this.#opening = undefined;
    const carried = [...this.instances];
    const alive = carried.filter(({ life }) => life !== undefined);
    const suspects = alive.filter(({ isStarting, hasRun, isStopping }) => isStarting && hasRun && !isStopping);
    for (const suspect of suspects) suspect.isSuspect = true;
    for (const { isStarting, hasRun, options, index: worker } of carried) {
      if (!isStarting || hasRun) continue;
      // The deployment fails, and its caller gets the reason.
      log.error("worker crashed, not restarted: its listener failed to start", { name: options.name, worker });
    }
    for (const instance of carried) instance.lost();
    if (carried.length > 1 && alive.length === 1) for (const culprit of suspects) this.#setApart(culprit);
    if (![...this.instances].some(({ isToRunAgain }) => isToRunAgain)) return;
    const waitMs = this.startAgain();
    log.error("worker crashed, restarting", { thread: this.index, waitMs, listeners: this.names() });
  }

  /** Moves it to a thread of its own, since each of its starts would crash the thread of the others. */
  #setApart(culprit: Instance): void {
    log.warn("worker isolated: its start crashes its thread", { name: culprit.options.name, worker: culprit.index });
    this.#owner.setApart(culprit);
  }
}
