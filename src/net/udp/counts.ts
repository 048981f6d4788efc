import { countLayout } from "../../base/mod.ts";
import { Rows } from "../rows.ts";

const LAYOUT = countLayout({
  received: 1,
  bytesRead: 1,
  sent: 1,
  bytesWritten: 1,
  /** Answers that the kernel did not take. */
  sendFailed: 1,
  /** Datagrams that were longer than is read. */
  cut: 1,
  handedOver: 1,
  /** Those there was no room for. */
  handOverFull: 1,
  handlerErrors: 1,
  batches: 1,
});

/** Where each count is in a worker's row. */
export const UdpCount = LAYOUT.places;

/** What a socket's workers counted since it was opened. */
export type UdpCounts = Record<keyof typeof UdpCount, number>;

/** A row for each worker, in shared memory. */
export class UdpRows extends Rows {
  constructor(workers: number, buffer: ArrayBuffer | SharedArrayBuffer = UdpRows.make(workers)) {
    super(LAYOUT.length, workers, buffer);
  }

  static make(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(workers * LAYOUT.length * 8);
  }

  read(): UdpCounts {
    return Object.fromEntries(Object.entries(UdpCount).map(([name, place]) => [name, this.sum(place)])) as UdpCounts;
  }
}
