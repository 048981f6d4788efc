import { logHandlerFailed } from "../handler-failure.ts";
import type { Handler } from "../types.ts";

interface Past<Data> {
  readonly handler: Handler<Data>;
  /** The last connection that may be its. */
  readonly lastId: number;
  /** Connections up to that one which are still open. */
  open: number;
}

/**
 * Handlers that were replaced, until the last connection from their time is closed: then their `stopped` is called, and
 * nothing of theirs is held any longer.
 */
export class PastHandlers<Data> {
  /** The oldest first. */
  readonly #past: Past<Data>[] = [];
  readonly #stopped: (handler: Handler<Data>) => void;

  constructor(stopped: (handler: Handler<Data>) => void) {
    this.#stopped = stopped;
  }

  /**
   * @param ids of the connections that are open
   * @param lastId of the connection that was opened last
   */
  add(handler: Handler<Data>, ids: readonly number[], lastId: number): void {
    const before = this.#past.at(-1)?.lastId ?? 0;
    const open = ids.filter((id) => id > before).length;
    if (open === 0) this.#stopped(handler);
    else this.#past.push({ handler, lastId, open });
  }

  /** Whether connections of its time are open. */
  has(handler: Handler<Data>): boolean {
    return this.#past.some((past) => past.handler === handler);
  }

  /** A connection was closed. */
  left(id: number): void {
    if (this.#past.length === 0) return;
    const index = this.#past.findIndex(({ lastId }) => id <= lastId);
    const past = this.#past[index];
    if (past === undefined) return;
    past.open -= 1;
    if (past.open > 0) return;
    this.#past.splice(index, 1);
    this.#stopped(past.handler);
  }
}

/** Calls `stopped`, once the close of its last connection is over. */
export async function callStopped<Data>(handler: Handler<Data>): Promise<void> {
  await undefined;
  try {
    await handler.stopped?.();
  } catch (error) {
    logHandlerFailed(error);
  }
}
