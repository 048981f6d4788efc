import { handle, type LoopListener, receive } from "../loop/mod.ts";
import type { WorkerMessage, WorkerRequest } from "../requests.ts";
import { type Outcome, REQUEST_TIMEOUT_MS } from "./outcome.ts";
import type { WorkerLink, Workers } from "./workers.ts";

/** The only worker of a listener that runs on its server's event loop: messages to it are plain calls. */
export class LocalWorker implements Workers, WorkerLink {
  readonly hasStarted = true;
  readonly #loop: LoopListener<unknown>;
  #stopping: Promise<void> | undefined;

  constructor(loop: LoopListener<unknown>) {
    this.#loop = loop;
  }

  lives(): readonly [WorkerLink] {
    return [this];
  }

  threads(): readonly [] {
    return [];
  }

  post(message: WorkerMessage): void {
    receive(this.#loop, message);
  }

  request(request: WorkerRequest, withinMs = REQUEST_TIMEOUT_MS): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs, { kind: "silent" });
      handle(this.#loop, request)
        .then(
          (value) => resolve({ kind: "answer", value }),
          (error) => resolve({ kind: "refused", error }),
        )
        .finally(() => clearTimeout(timer));
    });
  }

  /** It never starts as its server was before a change. */
  restart(): void {}

  stop(graceMs: number): Promise<void> {
    if (this.#stopping !== undefined) this.#loop.closeAll();
    this.#stopping ??= this.#loop.stop(graceMs);
    return this.#stopping;
  }
}
