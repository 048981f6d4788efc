import { randomUUID } from "node:crypto";
import type { Log } from "../base/mod.ts";
import { eventLoops } from "../limits/mod.ts";
import { callStopped, type Handler, type ListenOptions, listen, loadHandler, type Server } from "../net/mod.ts";
import { type DesiredListener, type RunningListener, startListener } from "./listener.ts";

/** A listener that has been tried at a free port, and can start as soon as its own address is free. */
export interface DryRun<Desired extends DesiredListener> {
  readonly desired: Desired;
  /** @throws {TenkError} as `startListener` */
  start(options: { readonly log: Log; readonly findHolder: boolean }): Promise<RunningListener<Desired>>;
  /** Stops the handler, unless the listener has started. */
  drop(): void;
}

/**
 * Starts a listener at a free port of its host (a Unix socket at an abstract name) and stops it again. Whatever its socket,
 * certificates, workers or handler fail with is known while the listener that it replaces still serves.
 *
 * On one event loop the handler that was loaded for this is the one that serves later. Workers share no objects: they load the
 * handler twice.
 *
 * @throws {TenkError} why it cannot start
 */
export async function dryRun<Desired extends DesiredListener>(desired: Desired): Promise<DryRun<Desired>> {
  const { options, handler: source } = desired;
  const { workers = 1 } = options;
  if ((workers === "auto" ? eventLoops() : workers) > 1) {
    await startAndStop(options, source);
    return { desired, start: (start) => startListener(desired, { ...start, keepsPort: true }), drop() {} };
  }
  if (!(source instanceof URL)) {
    await startAndStop(options, { chunk() {} });
    return { desired, start: (start) => startListener(desired, { ...start, keepsPort: true }), drop() {} };
  }
  const handler = await loadHandler<unknown>(source.href, options.handlerOptions);
  let isServing = false;
  function drop(): void {
    if (!isServing) void callStopped(handler);
  }
  try {
    await startAndStop(options, { chunk() {} });
  } catch (error) {
    drop();
    throw error;
  }
  return {
    desired,
    drop,
    async start(start) {
      const running = await startListener(desired, { ...start, keepsPort: true, loaded: handler });
      isServing = true;
      return running;
    },
  };
}

async function startAndStop(options: ListenOptions, handler: Handler | URL): Promise<void> {
  const address = options.path === undefined ? { port: 0 } : { path: `\0tenk-${randomUUID()}` };
  const server = await listen({ ...options, ...address }, handler);
  await server.stop({ graceMs: 0 });
}

/** Returns whether a running listener may have the other's address: its path, or its port at whatever host. */
export function mayConflict({ server }: { readonly server: Server }, { options }: DesiredListener): boolean {
  return options.path === undefined ? options.port !== 0 && server.port === options.port : server.path === options.path;
}
