import { logEntry, logOf, sourceUrl } from "../../base/mod.ts";
import { crashReason } from "./crash.ts";
import { failureError, type Outcome, REQUEST_TIMEOUT_MS } from "./outcome.ts";
import type { FromThread, OwnRequest, ToThread } from "./thread-messages.ts";

const log = logOf("net");

/** How long to wait for a terminated thread: inside a system call it cannot end. */
const END_MS = 1000;

type Settle = (outcome: Outcome) => void;

/** One thread from its start to its end, with its deployments, messages and requests. */
export class Thread {
  /** Resolves when programs can be deployed, and also when it has ended instead. */
  readonly ready: Promise<void>;
  /** Resolves when it is gone. */
  readonly ended: Promise<void>;
  isEnded = false;
  /** How it ended, as text that follows "ended". */
  how = " without an error, as by process.exit";
  readonly #worker = new Worker(sourceUrl("net/worker/thread-program.ts"));
  readonly #waiting = new Map<number, Settle>();
  readonly #receivers = new Map<number, (message: unknown) => void>();
  readonly #end: () => void;
  #lastRequest = 0;
  #lastId = 0;

  constructor(index: number) {
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    this.#end = () => {
      if (this.isEnded) return;
      this.isEnded = true;
      ended.resolve();
      ready.resolve();
      for (const settle of [...this.#waiting.values()]) settle({ kind: "ended" });
    };
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromThread>) => {
      if (data.kind === "ready") ready.resolve();
      else this.#receive(data);
    });
    this.#worker.addEventListener("error", (event: ErrorEvent) => {
      event.preventDefault();
      const error = crashReason(event.message);
      this.how = `: ${error}`;
      log.error("worker failed", { thread: index, error });
    });
    this.#worker.addEventListener("close", () => this.#end());
  }

  /** @param receive gets what the program posts @returns its id, and whether it has started */
  deploy(module: string, start: unknown, receive: (message: unknown) => void): [id: number, started: Promise<Outcome>] {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#receivers.set(id, receive);
    return [id, this.#send((request) => ({ kind: "deploy", request, id, module, start }))];
  }

  stop(id: number, graceMs: number, withinMs: number): Promise<Outcome> {
    return this.#send((request) => ({ kind: "stop", request, id, graceMs }), withinMs);
  }

  forget(id: number): void {
    this.#receivers.delete(id);
    this.#post({ kind: "forget", id });
  }

  post(id: number, message: unknown): void {
    this.#post({ kind: "post", id, message });
  }

  request(id: number, message: unknown, withinMs = REQUEST_TIMEOUT_MS): Promise<Outcome> {
    return this.#send((request) => ({ kind: "request", request, id, message }), withinMs);
  }

  own(own: OwnRequest, withinMs = REQUEST_TIMEOUT_MS): Promise<Outcome> {
    return this.#send((request) => ({ kind: "own", request, own }), withinMs);
  }

  /** Ends it at once with everything deployed on it. Resolves when it is gone. */
  async terminate(): Promise<void> {
    this.#worker.terminate();
    const timer = setTimeout(this.#end, END_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #post(message: ToThread): void {
    if (!this.isEnded) this.#worker.postMessage(message);
  }

  #send(message: (request: number) => ToThread, withinMs?: number): Promise<Outcome> {
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    return new Promise((resolve) => {
      if (this.isEnded) return resolve({ kind: "ended" });
      const timer = withinMs === undefined ? undefined : setTimeout(() => settle({ kind: "silent" }), withinMs);
      const settle: Settle = (outcome) => {
        clearTimeout(timer);
        this.#waiting.delete(request);
        // Not within the dispatch of the thread's message: code that blocks there, as bun:test's `rejects` does, would never
        // get the next message.
        setTimeout(resolve, 0, outcome);
      };
      this.#waiting.set(request, settle);
      this.#post(message(request));
    });
  }

  #receive(message: FromThread): void {
    if (message.kind === "log") logEntry(message.entry);
    if (message.kind === "post") this.#receivers.get(message.id)?.(message.message);
    if (message.kind === "answer") this.#waiting.get(message.request)?.({ kind: "answer", value: message.value });
    if (message.kind === "gone") this.#waiting.get(message.request)?.({ kind: "ended" });
    if (message.kind === "refused") {
      this.#waiting.get(message.request)?.({ kind: "refused", error: failureError(message.failure) });
    }
  }
}
