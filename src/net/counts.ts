import { countLayout } from "../base/mod.ts";
import { CLOSE_REASONS, type CloseReason, REJECTION_REASONS, type RejectionReason } from "./reasons.ts";
import { Rows } from "./rows.ts";

/** Upper bounds, in seconds, of how long connections lasted. */
export const LIFETIME_BOUNDS_SECONDS: readonly number[] = [0.01, 0.1, 1, 10, 60, 600, 3600, 21_600, 86_400];
/** Upper bounds, in seconds, of how long the first byte took to come. */
export const FIRST_BYTE_BOUNDS_SECONDS: readonly number[] = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** A count for each bound and one above, then the sum in seconds. */
const histogramSlots = (bounds: readonly number[]) => bounds.length + 2;
/** Of each total rate: see `bandwidth/worker-share.ts`. */
const SHARE_SLOTS = 5;

/**
 * The counts of one event loop of a listener, as places in its row. Hot code adds to a place and is never asked for it.
 *
 * ```text
 *   row of worker 0 │ row of worker 1 │ …        counts[Count.bytesRead] += n
 * ```
 */
const LAYOUT = countLayout({
  active: 1,
  peak: 1,
  accepted: 1,
  bytesRead: 1,
  bytesWritten: 1,
  reads: 1,
  framesRead: 1,
  writes: 1,
  drains: 1,
  writeQueueBytes: 1,
  handlerErrors: 1,
  workerRestarts: 1,
  /** The second, since the epoch, in which `acceptedInWindow` were accepted: for acceptsPerSecond. */
  windowSecond: 1,
  acceptedInWindow: 1,
  /** The part of `acceptedInWindow` beyond the rate, which is taken off the next second. */
  borrowedInWindow: 1,
  /** Connections whose PROXY header or TLS handshake is not complete. */
  pending: 1,
  /** TLS handshakes that succeeded. */
  handshakes: 1,
  /** Published messages that a slow subscriber did not get. */
  publishedDropped: 1,
  /** Published messages handed to connections. */
  published: 1,
  subscriptions: 1,
  /** Bytes of messages that came from other event loops: how the server knows what is still on its way. */
  relayedBytes: 1,
  rejected: REJECTION_REASONS.length,
  closed: CLOSE_REASONS.length,
  lifetimes: histogramSlots(LIFETIME_BOUNDS_SECONDS),
  firstBytes: histogramSlots(FIRST_BYTE_BOUNDS_SECONDS),
  readShare: SHARE_SLOTS,
  writeShare: SHARE_SLOTS,
});

/** Where each count begins in a row. */
export const Count = LAYOUT.places;

/** Adds one value to the histogram at `place`. Walks all bounds, which is cheap: it is called twice a connection. */
export function observe(counts: Float64Array, place: number, bounds: readonly number[], seconds: number): void {
  let bucket = 0;
  while (bucket < bounds.length && seconds > bounds[bucket]!) bucket += 1;
  counts[place + bucket]! += 1;
  counts[place + bounds.length + 1]! += seconds;
}

/** Counts of values by upper bound. */
export interface HistogramCounts {
  readonly boundsSeconds: readonly number[];
  /** Not cumulative; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
}

/** Doubles in a row. */
export const COUNTS_PER_ROW = LAYOUT.length;

const rejectionPlace = Object.fromEntries(REJECTION_REASONS.map((reason, index) => [reason, Count.rejected + index]));
const closePlace = Object.fromEntries(CLOSE_REASONS.map((reason, index) => [reason, Count.closed + index]));

export function placeOfRejection(reason: RejectionReason): number {
  return rejectionPlace[reason]!;
}

export function placeOfClose(reason: CloseReason): number {
  return closePlace[reason]!;
}

/** The counts of a listener since it started, over all its workers. */
export interface ListenerCounts {
  /** Open now. */
  active: number;
  /** The most that were open at one time. */
  peak: number;
  accepted: number;
  bytesRead: number;
  /** Bytes written to sockets. */
  bytesWritten: number;
  /** Reads that brought bytes, each of them a chunk. */
  reads: number;
  /** Frames that handlers with a framing were given. */
  framesRead: number;
  /** Calls of `write` that accepted bytes, at once or into the write queue. */
  writes: number;
  /** Times a write queue fell below its low mark again. */
  drains: number;
  /** Bytes that wait in write queues now. */
  writeQueueBytes: number;
  handlerErrors: number;
  workerRestarts: number;
  /** Connections whose PROXY header or TLS handshake is not complete; among `active`. */
  pending: number;
  /** TLS handshakes that succeeded. */
  handshakes: number;
  /** Published messages handed to connections. */
  published: number;
  /** Published messages lost because their connection took them too slowly. */
  publishedDropped: number;
  /** Subscriptions now: a connection in two topics counts twice. */
  subscriptions: number;
  rejected: Record<RejectionReason, number>;
  closed: Record<CloseReason, number>;
  /** How long the connections that are closed lasted. */
  lifetimes: HistogramCounts;
  /** From the handler's `open` to the first byte. */
  firstBytes: HistogramCounts;
}

/** The counts of one worker since its listener started, restarts included. */
export type WorkerCounts = Pick<ListenerCounts, "active" | "reads" | "bytesRead" | "bytesWritten" | "writeQueueBytes">;

/** What all workers of a listener count. */
export class CountRows extends Rows {
  constructor(rows: number, buffer?: ArrayBuffer | SharedArrayBuffer) {
    super(COUNTS_PER_ROW, rows, buffer);
  }

  static shared(rows: number): CountRows {
    return new CountRows(rows, new SharedArrayBuffer(rows * COUNTS_PER_ROW * 8));
  }

  /** Sums `place` over the workers whose window is the second `second`. */
  sumIn(second: number, place: number): number {
    let total = 0;
    for (let base = 0; base < this.all.length; base += COUNTS_PER_ROW) {
      if (this.all[base + Count.windowSecond] === second) total += this.all[base + place]!;
    }
    return total;
  }

  /** Closes the books of a crashed worker: its open connections ended with it. Keeps accepted = active + closed true. */
  buryWorker(index: number): void {
    const row = this.row(index);
    row[placeOfClose("worker-crash")]! += row[Count.active]!;
    row[Count.active] = 0;
    row[Count.writeQueueBytes] = 0;
    row[Count.pending] = 0;
    row[Count.subscriptions] = 0;
  }

  read(): ListenerCounts {
    let peak = 0;
    for (let index = 0; index < this.rows; index++) peak = Math.max(peak, this.row(index)[Count.peak]!);
    return {
      active: this.sum(Count.active),
      peak,
      accepted: this.sum(Count.accepted),
      bytesRead: this.sum(Count.bytesRead),
      bytesWritten: this.sum(Count.bytesWritten),
      reads: this.sum(Count.reads),
      framesRead: this.sum(Count.framesRead),
      writes: this.sum(Count.writes),
      drains: this.sum(Count.drains),
      writeQueueBytes: this.sum(Count.writeQueueBytes),
      handlerErrors: this.sum(Count.handlerErrors),
      workerRestarts: this.sum(Count.workerRestarts),
      pending: this.sum(Count.pending),
      handshakes: this.sum(Count.handshakes),
      published: this.sum(Count.published),
      publishedDropped: this.sum(Count.publishedDropped),
      subscriptions: this.sum(Count.subscriptions),
      rejected: Object.fromEntries(REJECTION_REASONS.map((each) => [each, this.sum(placeOfRejection(each))])) as Record<
        RejectionReason,
        number
      >,
      closed: Object.fromEntries(CLOSE_REASONS.map((each) => [each, this.sum(placeOfClose(each))])) as Record<
        CloseReason,
        number
      >,
      lifetimes: this.#histogram(Count.lifetimes, LIFETIME_BOUNDS_SECONDS),
      firstBytes: this.#histogram(Count.firstBytes, FIRST_BYTE_BOUNDS_SECONDS),
    };
  }

  /** Of each worker, in their order. */
  readEach(): WorkerCounts[] {
    return Array.from({ length: this.rows }, (_, index) => {
      const row = this.row(index);
      return {
        active: row[Count.active]!,
        reads: row[Count.reads]!,
        bytesRead: row[Count.bytesRead]!,
        bytesWritten: row[Count.bytesWritten]!,
        writeQueueBytes: row[Count.writeQueueBytes]!,
      };
    });
  }

  #histogram(place: number, boundsSeconds: readonly number[]): HistogramCounts {
    const counts = Array.from({ length: boundsSeconds.length + 1 }, (_, bucket) => this.sum(place + bucket));
    return { boundsSeconds, counts, sumSeconds: this.sum(place + boundsSeconds.length + 1) };
  }
}
