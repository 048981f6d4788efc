import type { LoadConnection } from "./protocol.ts";

/** Messages that one write handed over, and of which the kernel did not take every byte at once. */
interface Waiting {
  /** Bytes of the connection up to their end. */
  readonly endBytes: number;
  readonly messageBytes: number;
  readonly messages: number;
  readonly late: boolean;
  readonly lateForReply: boolean;
}

/** What of a connection never left it. */
export interface Left {
  readonly messages: number;
  readonly late: number;
  readonly lateForReply: number;
}

const NOTHING: Left = { messages: 0, late: 0, lateForReply: 0 };
/** Those that have left are forgotten when so many more have come. */
const TIDY_EVERY = 256;

/**
 * The messages that wait in connections for the kernel: sent are only those of which it took every byte, and where a
 * connection ends before, the rest was not. Costs one comparison a message where nothing waits.
 */
export class Unsent {
  readonly #queues = new Map<LoadConnection, Waiting[]>();

  /** To be called after each write. */
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

  /** Nothing of it waits any more. */
  emptied(connection: LoadConnection): void {
    if (this.#queues.size > 0) this.#queues.delete(connection);
  }

  /** How many messages of this connection have not left whole. */
  on(connection: LoadConnection): number {
    return this.#queues.size === 0 ? 0 : this.#leftOf(connection).messages;
  }

  /** The connection is over: how many did not leave, and will not any more. */
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
