import { setTimeout as wait } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { logOf, messageOf, occasionally, sourceUrl, TenkError } from "../../base/mod.ts";
import { closeDescriptor, doorbell, ringDoorbell } from "../ffi.ts";
import { HandOver } from "./hand-over.ts";
import type { UdpThread } from "./udp-thread.ts";
import { ANSWERED, ASKED, type FromWorker, PAUSE, STOP, type WorkerStart } from "./worker-messages.ts";

const log = logOf("net");

/** A thread that ended is started again after this time, so that one which always ends costs little. */
const RESTART_MS = 1000;
/** A thread within a handler's call that never returns cannot stop. */
const STOP_MS = 1000;
/** Between two looks at whether a thread has answered. */
const LOOK_MS = 20;

/** Those that answer datagrams now. */
const turning = new Set<UdpWorker>();

/** Returns the names of the sockets whose threads do not answer in time. */
export async function silentUdpThreads(withinMs: number): Promise<string[]> {
  const names = [...turning].map(async (worker) => ((await worker.answers(withinMs)) ? [] : [worker.name]));
  return (await Promise.all(names)).flat();
}

export type WorkerOptions = Omit<WorkerStart, "doorbell" | "control" | "handOver" | "port" | "start"> & {
  readonly name: string;
  /** What its handler is made with, asked for at each start of the thread. */
  readonly start: () => unknown;
  readonly handOverBytes: number;
  /** A thread to be used first. @default {a new one} */
  readonly thread?: UdpThread | undefined;
  readonly posted: (message: unknown, index: number) => void;
  /** Something waits in `handOver`. */
  readonly called: () => void;
};

/** A thread that answers the datagrams of its sockets; started again when it ends by itself. */
export class UdpWorker {
  readonly handOver: HandOver;
  readonly #options: WorkerOptions;
  readonly #doorbell = doorbell();
  readonly #control = new SharedArrayBuffer(64);
  readonly #logFailed: (error: string) => void;
  #port: MessagePort | undefined;
  #thread: Worker | undefined;
  #isStopping = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.handOver = new HandOver(HandOver.make(options.handOverBytes));
    this.#logFailed = occasionally<string>((count, error) => {
      log.error("handler failed, datagram not answered", { name: options.name, error, count });
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /** Returns whether its thread looks at the doorbell in time; also true when it ends meanwhile. */
  async answers(withinMs: number): Promise<boolean> {
    const control = new Int32Array(this.#control);
    const asked = Atomics.add(control, ASKED, 1) + 1;
    ringDoorbell(this.#doorbell);
    const untilMs = performance.now() + withinMs;
    while (turning.has(this) && Atomics.load(control, ANSWERED) < asked) {
      if (performance.now() >= untilMs) return false;
      await wait(LOOK_MS, undefined, { ref: false });
    }
    return true;
  }

  /** @throws {TenkError} `invalid-option` what its handler said, or the module, that could not be loaded */
  start(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const thread = this.#options.thread?.take() ?? new Worker(sourceUrl("net/udp/worker-program.ts"));
    const started = Promise.withResolvers<void>();
    this.#thread = thread;
    this.#port?.close();
    this.#port = port1 as unknown as MessagePort;
    thread.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#received(data, started));
    thread.addEventListener("error", (event: ErrorEvent) => {
      event.preventDefault();
      log.error("worker failed", { name: this.#options.name, error: event.message });
    });
    thread.addEventListener("close", () => this.#ended(thread, started));
    const { name, handOverBytes, posted, called, start, thread: _, ...own } = this.#options;
    const message: WorkerStart = {
      ...own,
      start: start(),
      doorbell: this.#doorbell,
      control: this.#control,
      handOver: this.handOver.buffer,
      port: port2,
    };
    thread.postMessage(message, [port2 as unknown as MessagePort]);
    return started.promise;
  }

  /** The handler gets it between two batches; after a stop nobody does. */
  post(message: unknown): void {
    // The doorbell's number may be another descriptor's by now.
    if (this.#isStopping) return;
    this.#port?.postMessage(message);
    ringDoorbell(this.#doorbell);
  }

  /** Reads nothing until called with false. */
  setPaused(isPaused: boolean): void {
    Atomics.store(new Int32Array(this.#control), PAUSE, isPaused ? 1 : 0);
    if (!this.#isStopping) ringDoorbell(this.#doorbell);
  }

  /** Resolves when its thread is gone. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#isStopping = true;
    turning.delete(this);
    if (thread !== undefined) {
      const gone = new Promise<void>((resolve) => thread.addEventListener("close", () => resolve()));
      Atomics.store(new Int32Array(this.#control), STOP, 1);
      ringDoorbell(this.#doorbell);
      const timer = setTimeout(() => thread.terminate(), STOP_MS);
      await gone;
      clearTimeout(timer);
    }
    this.#port?.close();
    closeDescriptor(this.#doorbell);
  }

  #received(message: FromWorker, started: PromiseWithResolvers<void>): void {
    if (message.kind === "ready") {
      turning.add(this);
      started.resolve();
    }
    if (message.kind === "call") this.#options.called();
    if (message.kind === "post") this.#options.posted(message.message, this.#options.index);
    if (message.kind === "failed") this.#logFailed(message.error);
    if (message.kind === "ended") this.#thread?.terminate();
    if (message.kind === "refused") {
      const thread = this.#thread;
      this.#thread = undefined;
      started.reject(new TenkError("invalid-option", message.message));
      thread?.terminate();
    }
  }

  #ended(thread: Worker, started: PromiseWithResolvers<void>): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    turning.delete(this);
    started.reject(new TenkError("unsupported", "a thread for datagrams ended while it started"));
    if (this.#isStopping) return;
    const { name, index, called } = this.#options;
    // It may have ended before it could tell of what it handed over.
    called();
    log.error("thread for datagrams ended, starts again", { name, index });
    setTimeout(() => {
      if (!this.#isStopping)
        this.start().catch((error) => log.error("thread does not start", { name, error: messageOf(error) }));
    }, RESTART_MS);
  }
}
