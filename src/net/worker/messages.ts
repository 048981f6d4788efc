import type { ErrorCode, LogEntry } from "../../base/mod.ts";
import type { Question } from "../questions.ts";
import type { Limits, ListenOptions } from "../types.ts";

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

/** A TenkError on its way between threads. */
export interface Failure {
  code: ErrorCode;
  message: string;
  hint: string | undefined;
}

export type ToWorker =
  | WorkerStart
  | { kind: "limits"; limits: Limits }
  | { kind: "ask"; id: number; question: Question }
  | { kind: "publish"; topic: string; message: Uint8Array }
  | { kind: "stop"; graceMs: number }
  | { kind: "close-all" };

export type FromWorker =
  | { kind: "listening"; port: number }
  | ({ kind: "failed" } & Failure)
  | { kind: "answer"; id: number; value: unknown }
  | ({ kind: "no-answer"; id: number } & Failure)
  | { kind: "publish"; topic: string; message: Uint8Array }
  | { kind: "log"; entry: LogEntry }
  | { kind: "stopped" };
