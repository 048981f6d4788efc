import type { WorkerMessage, WorkerRequest } from "../requests.ts";
import type { Outcome } from "./outcome.ts";

/** One event loop of a listener, as its server reaches it. */
export interface WorkerLink {
  /** It listens, and is not just being started. */
  readonly hasStarted: boolean;
  post(message: WorkerMessage): void;
  request(request: WorkerRequest, withinMs?: number): Promise<Outcome>;
}

/** The event loops of a listener: threads of the pool (`Deployment`), or the one that its server runs on (`LocalWorker`). */
export interface Workers {
  /** By index; undefined where one is about to be started again. */
  lives(): readonly (WorkerLink | undefined)[];
  /** The thread of each; empty where there is none. */
  threads(): readonly (number | undefined)[];
  restart(worker: WorkerLink): void;
  /** Resolves when all have ended. A second call ends them at once. */
  stop(graceMs: number): Promise<void>;
}
