/** One event loop's share of a listener, as a program of the pool. */
import { CountRows } from "../counts.ts";
import { callStopped, handle, LoopListener, receive } from "../loop/mod.ts";
import { isLoadedHere, isShared, loadHandler } from "../module/mod.ts";
import type { WorkerMessage, WorkerRequest } from "../requests.ts";
import type { ListenOptions } from "../types.ts";
import type { Deploy } from "./program.ts";

/** Everything an event loop needs to become one of a listener's. */
export interface ListenerStart {
  readonly options: ListenOptions;
  readonly handlerHref: string;
  /** The same for a thread that has loaded that file before: listeners share threads, but no module's state. */
  readonly freshHref: string;
  /** Descriptors to listen on; without any it opens a socket of its own on the port. */
  readonly inherited: readonly number[];
  readonly isPaused: boolean;
  readonly worker: number;
  readonly workers: number;
  readonly counts: SharedArrayBuffer;
  /** A view into memory that all workers share. */
  readonly handlerRow: Float64Array;
  readonly addresses: SharedArrayBuffer;
  readonly salt: number;
}

/** What it posts: a message for the other event loops. */
export interface Published {
  readonly topic: string;
  readonly message: Uint8Array;
}

export const deploy: Deploy = async (start, post) => {
  const { options, handlerHref, freshHref, inherited, isPaused, worker, workers, counts, handlerRow, addresses, salt } =
    start as ListenerStart;
  const href = isLoadedHere(handlerHref) ? freshHref : handlerHref;
  const handler = await loadHandler<unknown>(href, options.handlerOptions);
  const listener = await listening();
  listener.forward = (topic, message) => post({ topic, message } satisfies Published);
  let stopping: Promise<void> | undefined;

  async function listening(): Promise<LoopListener<unknown>> {
    const state = { rows: new CountRows(workers, counts), handlerRow, addresses, salt };
    try {
      return new LoopListener(options, handler, state, worker, { sharePort: true, inherited, isPaused });
    } catch (error) {
      if (!isShared(handler)) await callStopped(handler);
      throw error;
    }
  }

  return {
    receive: (message) => receive(listener, message as WorkerMessage),
    handle: (request) => handle(listener, request as WorkerRequest),
    stop(graceMs) {
      if (stopping !== undefined) listener.closeAll();
      stopping ??= listener.stop(graceMs);
      return stopping;
    },
  };
};
