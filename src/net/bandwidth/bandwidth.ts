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

/** So much of a rate may lie in the kernel, in milliseconds: more would come in one chunk, followed by a long silence; less
 * would bound what a peer far away (a round trip of 250 ms) can send. */
const KERNEL_MS = 250;
/** From this on the kernel's own choice is at most half a second's worth, as one read brings at most 512 KiB. */
const LARGEST_BOUND_BYTES = 256 * 1024;
const SMALLEST_BOUND_BYTES = 4096;

/**
 * Below this rate of each, no more is taken from the kernel than the rate allows: one read of the runtime, which takes all that
 * is there, would be more than half a second's worth. Above, its reads cost less and bring a chunk too much at most.
 */
const EXACT_BELOW_BYTES = 128 * 1024;

/** A connection, as far as its bandwidth is concerned. */
export interface Paced {
  /** The kernel's number; -1 once closed. */
  readonly descriptor: number;
  /** It waited for bandwidth, and may read again. */
  readAgain(): void;
  /** It waited for bandwidth, and may write what waits. */
  writeAgain(): void;
}

/** The event loop's clock: `Deadlines`. */
interface Clock {
  readonly nowMs: number;
  ticked: ((nowMs: number) => void) | undefined;
}

/**
 * The bandwidth of one event loop's connections. While nothing is limited, all it costs is that a connection looks at
 * `reading` and `writing`.
 */
export class Bandwidth {
  /** Reads must be counted, by `reads`. */
  reading = false;
  /** Reads take what `reads` has room for, and not what is there. Never under a total rate: how much a connection would read shows in whole chunks. */
  readingExactly = false;
  /** Writes must ask `writes` for room. */
  writing = false;
  readonly reads: TokenBucket<Paced>;
  readonly writes: TokenBucket<Paced>;
  readonly #bound: (descriptor: number, bytes: number) => void;
  /** Those whose reads were ever limited. */
  readonly #readers = new Set<Paced>();
  #kernelBytes = 0;

  /**
   * @param bound bounds what the kernel keeps unread for a descriptor, in bytes; 0 = as it likes
   * @param rows of all workers that share the total rates
   * @param worker this worker's row
   */
  constructor(bound: (descriptor: number, bytes: number) => void, rows = new CountRows(1), worker = 0) {
    this.#bound = bound;
    const [readShare, writeShare] = [Count.readShare, Count.writeShare].map((at) => new WorkerShare(rows, worker, at));
    this.reads = new TokenBucket((connection) => connection.readAgain(), false, readShare!);
    this.writes = new TokenBucket((connection) => connection.writeAgain(), true, writeShare!);
  }

  /** Begins to count what a connection reads. */
  joinReads(connection: Paced, nowMs: number): Pace<Paced> {
    this.#readers.add(connection);
    if (this.#kernelBytes > 0) this.#bound(connection.descriptor, this.#kernelBytes);
    return this.reads.join(connection, nowMs);
  }

  /** Takes new limits, for open connections too, and has itself called by `clock` while there are any. */
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

  /** A connection closed. */
  leave(connection: Paced, reads: Pace<Paced> | undefined, writes: Pace<Paced> | undefined): void {
    if (reads !== undefined) this.#readers.delete(connection);
    if (reads !== undefined) this.reads.leave(reads);
    if (writes !== undefined) this.writes.leave(writes);
  }
}

/** So many unread bytes the kernel may keep of a connection that is read at these rates; 0 = as many as it likes. */
export function kernelBytesOf({
  readBytesPerSecond,
  totalReadBytesPerSecond,
}: Pick<BandwidthLimits, "readBytesPerSecond" | "totalReadBytesPerSecond">): number {
  const rates = [readBytesPerSecond, totalReadBytesPerSecond].filter((rate) => rate > 0);
  if (rates.length === 0) return 0;
  const bytes = Math.ceil((Math.min(...rates) * KERNEL_MS) / 1000);
  return bytes > LARGEST_BOUND_BYTES ? 0 : Math.max(bytes, SMALLEST_BOUND_BYTES);
}
