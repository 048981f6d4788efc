import { logHandlerFailed } from "../handler-failure.ts";
import type { Handler } from "../types.ts";

interface Retired<Data> {
  readonly handler: Handler<Data>;
  /** The last connection that this handler may serve. */
  readonly lastId: number;
  /** Connections up to that one that are still open. */
  open: number;
}

/** Keeps handlers that were replaced until the last connection from their time is closed, and then calls their `stopped`. */
export class RetiredHandlers<Data> {
  /** The oldest first. */
  readonly #retired: Retired<Data>[] = [];
  readonly #stopped: (handler: Handler<Data>) => void;

  constructor(stopped: (handler: Handler<Data>) => void) {
    this.#stopped = stopped;
  }

  /**
   * @param ids of the connections that are open
   * @param lastId of the connection that was opened last
   */
  add(handler: Handler<Data>, ids: readonly number[], lastId: number): void {
    const before = this.#retired.at(-1)?.lastId ?? 0;
    const open = ids.filter((id) => id > before).length;
    if (open === 0) this.#stopped(handler);
    else this.#retired.push({ handler, lastId, open });
  }

  /** Whether connections that it may serve are open. */
  has(handler: Handler<Data>): boolean {
    return this.#retired.some((retired) => retired.handler === handler);
  }

  /** A connection was closed. */
  left(id: number): void {
    if (this.#retired.length === 0) return;
    const index = this.#retired.findIndex(({ lastId }) => id <= lastId);
    const retired = this.#retired[index];
    if (retired === undefined) return;
    retired.open -= 1;
    if (retired.open > 0) return;
    this.#retired.splice(index, 1);
    this.#stopped(retired.handler);
  }
}

/** Calls a handler's `stopped`, after the `close` of its last connection has returned. */
export async function callStopped<Data>(handler: Handler<Data>): Promise<void> {
  await undefined;
  try {
    await handler.stopped?.();
  } catch (error) {
    logHandlerFailed(error);
  }
}
