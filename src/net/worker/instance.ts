import { TenkError } from "../../base/mod.ts";
import { BackOff } from "./back-off.ts";
import type { Outcome } from "./outcome.ts";
import type { Slot } from "./slot.ts";
import type { Thread } from "./thread.ts";

/** A module to deploy (see `program.ts`), and the message that each instance of it starts with. */
export interface DeploymentOptions {
  /** For logs and errors. */
  readonly name: string;
  /** The address of the module. */
  readonly module: string;
  /** Called at each start. Its result must survive structured cloning. */
  startMessage(instance: number): unknown;
  receive(instance: number, message: unknown): void;
  /** Called when an instance ended, with its thread or because it is restarted. It starts again unless it is being stopped. */
  ended(instance: number): void;
}

/** An instance from one start to its end. */
export class Life {
  /** Whether its start is over and it runs. */
  hasStarted = false;
  readonly thread: Thread;
  readonly started: Promise<Outcome>;
  readonly #id: number;

  constructor(thread: Thread, index: number, { module, startMessage, receive }: DeploymentOptions) {
    this.thread = thread;
    [this.#id, this.started] = thread.deploy(module, startMessage(index), (message) => receive(index, message));
  }

  post(message: unknown): void {
    this.thread.post(this.#id, message);
  }

  request(message: unknown, withinMs?: number): Promise<Outcome> {
    return this.thread.request(this.#id, message, withinMs);
  }

  stop(graceMs: number, withinMs: number): Promise<Outcome> {
    return this.thread.stop(this.#id, graceMs, withinMs);
  }

  forget(): void {
    this.thread.forget(this.#id);
  }
}

/** One program of a deployment. It is started again when it ends, until it is stopped. */
export class Instance {
  readonly index: number;
  readonly options: DeploymentOptions;
  slot: Slot | undefined;
  /** Undefined while it waits to be started again. */
  life: Life | undefined;
  /** Whether it has run; only then is it started again. */
  hasRun = false;
  /** Whether its thread ended while it started. The next thread starts it first, to find out whether it was the cause. */
  isSuspect = false;
  isStopping = false;
  /** Whether it has not stopped in time. */
  isOverdue = false;
  retry: ReturnType<typeof setTimeout> | undefined;
  readonly backOff = new BackOff();

  constructor(index: number, options: DeploymentOptions) {
    this.index = index;
    this.options = options;
  }

  get isStarting(): boolean {
    return this.life !== undefined && !this.life.hasStarted;
  }

  /** @throws its own error, or `worker-failed` where its thread ended */
  async start(thread: Thread): Promise<void> {
    const life = new Life(thread, this.index, this.options);
    this.life = life;
    const outcome = await life.started;
    if (outcome.kind === "answer") {
      life.hasStarted = true;
      this.hasRun = true;
      this.isSuspect = false;
      return;
    }
    if (this.life === life) this.life = undefined;
    if (outcome.kind === "refused") throw outcome.error;
    const { name } = this.options;
    throw new TenkError("worker-failed", `Cannot start "${name}": worker ${this.index} ended${thread.how}`);
  }

  /** Starts from here on: it has run, and nobody stops it. */
  get isToRunAgain(): boolean {
    return this.life === undefined && this.hasRun && !this.isStopping;
  }

  /** Its life is over. */
  lost(): void {
    const hadLife = this.life !== undefined;
    this.life = undefined;
    if (hadLife && this.hasRun) this.options.ended(this.index);
  }
}
