import type { MessagePort } from "node:worker_threads";

/** Words of a worker's control block. */
export const STOP = 0;
/** How often the worker was asked whether it still turns, and how often it was when it last looked. */
export const ASKED = 1;
export const ANSWERED = 2;
/** Nothing is read; datagrams wait in the kernel. */
export const PAUSE = 3;

/** What a worker is started with. */
export interface WorkerStart {
  /** URL of the module that exports `serve`. */
  readonly module: string;
  readonly start: unknown;
  readonly index: number;
  readonly sockets: readonly number[];
  readonly doorbell: number;
  readonly control: SharedArrayBuffer;
  readonly handOver: SharedArrayBuffer;
  readonly rows: SharedArrayBuffer;
  readonly workers: number;
  readonly batchSize: number;
  readonly outBytes: number;
  /** Messages for the handler, read when the doorbell rings. */
  readonly port: MessagePort;
}

/** To a worker: load a module already, or start. */
export type ToWorker = { readonly load: string } | WorkerStart;

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "refused"; readonly message: string }
  /** Something waits in its `HandOver`. */
  | { readonly kind: "call" }
  | { readonly kind: "post"; readonly message: unknown }
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "ended" };
