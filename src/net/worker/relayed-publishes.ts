import { Count, type CountRows } from "../counts.ts";

/**
 * Bounds the published messages on their way to other event loops, by the bytes that each has not taken yet. They would
 * otherwise pile up in the message queue of a thread that a handler blocks.
 *
 * Each worker counts what it took in its row, so no message comes back.
 */
export class RelayedPublishes {
  readonly #rows: CountRows;
  readonly #maxBytes: number;
  /** Bytes sent to each worker since it started, less what its row had then. */
  readonly #sent: number[];
  /** Messages that a worker did not get. */
  dropped = 0;

  constructor(rows: CountRows, maxBytes: number) {
    this.#rows = rows;
    this.#maxBytes = maxBytes;
    this.#sent = new Array<number>(rows.rows).fill(0);
  }

  /** The worker is a new one: nothing is on its way. */
  began(worker: number): void {
    this.#sent[worker] = this.#taken(worker);
  }

  /** Whether so many bytes may be sent; then they are on their way. */
  mayGo(worker: number, bytes: number): boolean {
    const onTheirWay = this.#sent[worker]! - this.#taken(worker);
    // One message of any size may go where nothing else is on its way.
    if (onTheirWay > 0 && onTheirWay + bytes > this.#maxBytes) {
      this.dropped += 1;
      return false;
    }
    this.#sent[worker]! += bytes;
    return true;
  }

  #taken(worker: number): number {
    return this.#rows.row(worker)[Count.relayedBytes]!;
  }
}
