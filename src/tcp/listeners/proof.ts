import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Log } from "../../base/mod.ts";
import { callStopped, type Handler, type ListenOptions, listen, loadHandler, type Server } from "../../net/mod.ts";
import { type RunningListener, startListener, type Wanted } from "./listener.ts";

/** A listener that can start as soon as the place that it is to have is free. */
export interface ProvedListener {
  readonly wanted: Wanted;
  /** @throws {TenkError} as `startListener` */
  start(options: { readonly log: Log; readonly findHolder: boolean }): Promise<RunningListener>;
  /** Lets go of it; where it has started this does nothing. */
  drop(): void;
}

/**
 * Starts a listener at a free port of its host (a Unix socket at a name of the abstract space) and stops it again: what its
 * socket, its certificates, its workers or its handler can fail with shows while the one that is in its place still serves.
 *
 * On this event loop the handler that was made for it is the one that serves later. Workers share no objects: theirs are made
 * once for the proof and once more for good, and cost as many threads more for as long as it takes.
 *
 * @throws {TenkError} why it cannot start
 */
export async function proveListener(wanted: Wanted): Promise<ProvedListener> {
  const { options, url } = wanted;
  const { workers = 1 } = options;
  if ((workers === "auto" ? availableParallelism() : workers) > 1) {
    await provePlace(options, url);
    return { wanted, start: (start) => startListener(wanted, start), drop() {} };
  }
  const handler = await loadHandler<unknown>(url.href, options.handlerOptions);
  let isServing = false;
  function drop(): void {
    if (!isServing) void callStopped(handler);
  }
  try {
    await provePlace(options, { chunk() {} });
  } catch (error) {
    drop();
    throw error;
  }
  return {
    wanted,
    drop,
    async start(start) {
      const running = await startListener(wanted, { ...start, handler });
      isServing = true;
      return running;
    },
  };
}

async function provePlace(options: ListenOptions, handler: Handler | URL): Promise<void> {
  const place = options.path === undefined ? { port: 0 } : { path: `\0tenk-${randomUUID()}` };
  const server = await listen({ ...options, ...place }, handler);
  await server.stop({ graceMs: 0 });
}

/** Whether a running listener may be in the way of another one: it has its port, at whatever host, or its path. */
export function holds({ server }: { readonly server: Server }, { options }: Wanted): boolean {
  return options.path === undefined ? options.port !== 0 && server.port === options.port : server.path === options.path;
}
