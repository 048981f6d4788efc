import { Count, CountRows } from "../counts.ts";
import { type Pace, TokenBucket } from "./token-bucket.ts";
import { WorkerShare } from "./worker-share.ts";

/** Bytes per second; 0 = no bound. Fields of `Limits`. */
export interface BandwidthLimits {
  readBytesPerSecond: number;
  writeBytesPerSecond: number;
  totalReadBytesPerSecond: number;
  totalWriteBytesPerSecond: number;
}

/** The part of a rate that the kernel may keep unread. More would come in one chunk, followed by a long silence; less would slow
 * down a peer that is far away (a round trip of 250 ms). */
const KERNEL_MS = 250;
/** Above this the kernel is not bounded: a read brings at most 512 KiB, which is at most half a second's worth. */
const LARGEST_BOUND_BYTES = 256 * 1024;
const SMALLEST_BOUND_BYTES = 4096;

/**
 * Below this rate of each connection, no more is taken from the kernel than the rate allows. The runtime's reads take all that is
 * there, which would be more than half a second's worth. Above it they cost less, and bring at most one chunk too much.
 */
const EXACT_BELOW_BYTES = 128 * 1024;

/** A connection whose bandwidth is limited. */
export interface Paced {
  /** The kernel's number; -1 once closed. */
  readonly descriptor: number;
  /** Called when it may read again after a wait for bandwidth. */
  readAgain(): void;
  /** Called when it may write again after a wait for bandwidth. */
  writeAgain(): void;
}

/** The event loop's clock: `Deadlines`. */
interface Clock {
  readonly nowMs: number;
  ticked: ((nowMs: number) => void) | undefined;
}

/** Limits the bandwidth of one worker's connections. While nothing is limited, it costs them a look at `reading` and `writing`. */
export class Bandwidth {
  /** Reads must be counted in `reads`. */
  reading = false;
  /**
   * Reads take what `reads` has room for, instead of all that is there. Never under a total rate: how much a connection would read
   * shows in whole chunks.
   */
  readingExactly = false;
  /** Writes must ask `writes` for room. */
  writing = false;
  readonly reads: TokenBucket<Paced>;
  readonly writes: TokenBucket<Paced>;
  readonly #bound: (descriptor: number, bytes: number) => void;
  /** Connections whose reads were ever limited. */
  readonly #readers = new Set<Paced>();
  #kernelBytes = 0;

  /**
   * @param bound bounds the unread bytes that the kernel keeps for a descriptor; 0 = no bound
   * @param rows of all workers that share the total rates
   * @param worker this worker's row
   */
  constructor(bound: (descriptor: number, bytes: number) => void, rows = new CountRows(1), worker = 0) {
    this.#bound = bound;
    const [readShare, writeShare] = [Count.readShare, Count.writeShare].map((at) => new WorkerShare(rows, worker, at));
    this.reads = new TokenBucket((connection) => connection.readAgain(), false, readShare!);
    this.writes = new TokenBucket((connection) => connection.writeAgain(), true, writeShare!);
  }

  /** Starts to count what a connection reads. */
  joinReads(connection: Paced, nowMs: number): Pace<Paced> {
    this.#readers.add(connection);
    if (this.#kernelBytes > 0) this.#bound(connection.descriptor, this.#kernelBytes);
    return this.reads.join(connection, nowMs);
  }

  /** Puts new limits in force, for open connections too, and has `clock` call it while there are any. */
  update(limits: BandwidthLimits, clock: Clock): void {
    const { nowMs } = clock;
    const kernelBytes = kernelBytesOf(limits);
    if (kernelBytes !== this.#kernelBytes)
      for (const connection of this.#readers) this.#bound(connection.descriptor, kernelBytes);
    this.#kernelBytes = kernelBytes;
    this.reading = limits.readBytesPerSecond + limits.totalReadBytesPerSecond > 0;
    const each = limits.readBytesPerSecond;
    this.readingExactly = each > 0 && each < EXACT_BELOW_BYTES && limits.totalReadBytesPerSecond === 0;
    this.writing = limits.writeBytesPerSecond + limits.totalWriteBytesPerSecond > 0;
    this.reads.setRates(limits.readBytesPerSecond, limits.totalReadBytesPerSecond, nowMs);
    this.writes.setRates(limits.writeBytesPerSecond, limits.totalWriteBytesPerSecond, nowMs);
    clock.ticked = this.reading || this.writing ? this.#tick : undefined;
  }

  readonly #tick = (nowMs: number): void => {
    if (this.reading) this.reads.tick(nowMs);
    if (this.writing) this.writes.tick(nowMs);
  };

  /** Forgets a connection that closed. */
  leave(connection: Paced, reads: Pace<Paced> | undefined, writes: Pace<Paced> | undefined): void {
    if (reads !== undefined) this.#readers.delete(connection);
    if (reads !== undefined) this.reads.leave(reads);
    if (writes !== undefined) this.writes.leave(writes);
  }
}

/** Returns how many unread bytes the kernel may keep of a connection with these rates; 0 = no bound. */
export function kernelBytesOf({
  readBytesPerSecond,
  totalReadBytesPerSecond,
}: Pick<BandwidthLimits, "readBytesPerSecond" | "totalReadBytesPerSecond">): number {
  const rates = [readBytesPerSecond, totalReadBytesPerSecond].filter((rate) => rate > 0);
  if (rates.length === 0) return 0;
  const bytes = Math.ceil((Math.min(...rates) * KERNEL_MS) / 1000);
  return bytes > LARGEST_BOUND_BYTES ? 0 : Math.max(bytes, SMALLEST_BOUND_BYTES);
}
