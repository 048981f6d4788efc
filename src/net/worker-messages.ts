import type { ErrorCode } from "../base/mod.ts";
import type { Limits, ListenOptions } from "./types.ts";

/** Everything a worker needs to become one event loop of a listener. */
export interface WorkerStart {
  kind: "start";
  options: ListenOptions;
  handlerHref: string;
  worker: number;
  workers: number;
  counts: SharedArrayBuffer;
  addresses: SharedArrayBuffer;
  salt: number;
}

export type ToWorker =
  | WorkerStart
  | { kind: "limits"; limits: Limits }
  | { kind: "stop"; graceMs: number }
  | { kind: "close-all" };

export type FromWorker =
  | { kind: "listening"; port: number }
  | { kind: "failed"; code: ErrorCode; message: string; hint: string | undefined }
  | { kind: "stopped" };
