import type { LoadConnection } from "./protocol.ts";

/** How long closing waits for the peers' FIN. */
export const CLOSE_MS = 1000;

interface Entry {
  readonly untilMs: number;
  readonly replyState: Int32Array;
}

/** Connections past their lifetime, oldest first: our FIN is sent, and the peer's is awaited for a second. */
export class Retired {
  readonly #entries = new Map<LoadConnection, Entry>();

  /** @param replyState the reply finder's state for it */
  add(connection: LoadConnection, replyState: Int32Array, now: number): void {
    this.#entries.set(connection, { untilMs: now + CLOSE_MS, replyState });
    connection.end();
  }

  closed(connection: LoadConnection): void {
    this.#entries.delete(connection);
  }

  replyStateOf(connection: LoadConnection): Int32Array | undefined {
    return this.#entries.get(connection)?.replyState;
  }

  /** Closes those whose peers have not. */
  tick(now: number): void {
    for (const [connection, { untilMs }] of this.#entries) {
      if (untilMs > now) return;
      connection.close();
    }
  }

  connections(): LoadConnection[] {
    return [...this.#entries.keys()];
  }

  /** Some still have bytes to send. */
  get areSending(): boolean {
    for (const { queuedBytes } of this.#entries.keys()) if (queuedBytes > 0) return true;
    return false;
  }
}
