import type { LoadConnection } from "./protocol.ts";

/** Messages of one write, of which the kernel did not take every byte at once. */
interface Waiting {
  /** Bytes of the connection up to their end. */
  readonly endBytes: number;
  readonly messageBytes: number;
  readonly messages: number;
  readonly late: boolean;
  readonly lateForReply: boolean;
}

/** Messages that never left their connection. */
export interface Left {
  readonly messages: number;
  readonly late: number;
  readonly lateForReply: number;
}

const NOTHING: Left = { messages: 0, late: 0, lateForReply: 0 };
/** Entries of messages that have left are removed whenever this many have come. */
const TIDY_EVERY = 256;

/**
 * Messages that wait in their connection's write queue. A message counts as sent only if the kernel took every byte of it
 * before the connection ended. Costs one comparison a message where nothing waits.
 */
export class Unsent {
  readonly #queues = new Map<LoadConnection, Waiting[]>();

  /** Call it after each write that left bytes in the queue. */
  wrote(
    connection: LoadConnection,
    { bytes, messages, late, lateForReply }: { bytes: number; messages: number; late: boolean; lateForReply: boolean },
  ): void {
    const { queuedBytes, bytesWritten } = connection;
    let queue = this.#queues.get(connection);
    if (queue === undefined) {
      queue = [];
      this.#queues.set(connection, queue);
    }
    if (queue.length % TIDY_EVERY === 0 && queue.length > 0) {
      queue = queue.filter(({ endBytes }) => endBytes > bytesWritten);
      this.#queues.set(connection, queue);
    }
    queue.push({ endBytes: bytesWritten + queuedBytes, messageBytes: bytes / messages, messages, late, lateForReply });
  }

  /** Nothing waits in this connection any more. */
  emptied(connection: LoadConnection): void {
    if (this.#queues.size > 0) this.#queues.delete(connection);
  }

  /** How many messages of this connection have not left whole. */
  on(connection: LoadConnection): number {
    return this.#queues.size === 0 ? 0 : this.#leftOf(connection).messages;
  }

  /** Returns what did not leave a connection that has ended, and forgets it. */
  take(connection: LoadConnection): Left {
    if (this.#queues.size === 0) return NOTHING;
    const left = this.#leftOf(connection);
    this.#queues.delete(connection);
    return left;
  }

  #leftOf(connection: LoadConnection): Left {
    const { bytesWritten } = connection;
    const left = { messages: 0, late: 0, lateForReply: 0 };
    for (const { endBytes, messageBytes, messages, late, lateForReply } of this.#queues.get(connection) ?? []) {
      const missingBytes = Math.max(0, endBytes - bytesWritten);
      const missing = Math.min(messages, Math.ceil(missingBytes / messageBytes));
      left.messages += missing;
      if (late) left.late += missing;
      if (lateForReply) left.lateForReply += missing;
    }
    return left;
  }
}
