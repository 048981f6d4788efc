import { Count, CountRows } from "../counts.ts";
import { BURST_MS, Lane, type Pace } from "./lane.ts";
import { Portion } from "./portion.ts";

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
  /** Reads take what `reads` has room for, and not what is there. Rates in all are not: who is owed what shows in chunks. */
  readingExactly = false;
  /** Writes must ask `writes` for room. */
  writing = false;
  readonly reads = new Lane<Paced>((connection) => connection.readAgain(), false);
  readonly writes = new Lane<Paced>((connection) => connection.writeAgain(), true);
  readonly #readPortion: Portion;
  readonly #writePortion: Portion;
  readonly #bound: (descriptor: number, bytes: number) => void;
  /** Those whose reads were ever limited. */
  readonly #readers = new Set<Paced>();
  #kernelBytes = 0;
  #limits: BandwidthLimits | undefined;
  #tickMs = 0;

  /**
   * @param bound bounds what the kernel keeps unread for a descriptor, in bytes; 0 = as it likes
   * @param rows of all event loops that divide the rates in all
   * @param worker this loop's row
   */
  constructor(bound: (descriptor: number, bytes: number) => void, rows = new CountRows(1), worker = 0) {
    this.#bound = bound;
    this.#readPortion = new Portion(rows, worker, Count.readPortion);
    this.#writePortion = new Portion(rows, worker, Count.writePortion);
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
    this.#limits = { ...limits };
    const kernelBytes = kernelBytesOf(limits);
    if (kernelBytes !== this.#kernelBytes)
      for (const connection of this.#readers) this.#bound(connection.descriptor, kernelBytes);
    this.#kernelBytes = kernelBytes;
    this.reading = limits.readBytesPerSecond + limits.totalReadBytesPerSecond > 0;
    const each = limits.readBytesPerSecond;
    this.readingExactly = each > 0 && each < EXACT_BELOW_BYTES && limits.totalReadBytesPerSecond === 0;
    this.writing = limits.writeBytesPerSecond + limits.totalWriteBytesPerSecond > 0;
    const { totalReadBytesPerSecond, totalWriteBytesPerSecond } = limits;
    this.reads.setRates(limits.readBytesPerSecond, this.#readPortion.of(totalReadBytesPerSecond), nowMs);
    this.writes.setRates(limits.writeBytesPerSecond, this.#writePortion.of(totalWriteBytesPerSecond), nowMs);
    clock.ticked = this.reading || this.writing ? this.#tick : undefined;
  }

  readonly #tick = (nowMs: number): void => {
    const limits = this.#limits;
    if (limits === undefined) return;
    const sinceMs = nowMs - this.#tickMs;
    this.#tickMs = nowMs;
    if (this.reading) tickLane(this.reads, this.#readPortion, limits.totalReadBytesPerSecond, nowMs, sinceMs);
    if (this.writing) tickLane(this.writes, this.#writePortion, limits.totalWriteBytesPerSecond, nowMs, sinceMs);
  };

  /** A connection closed. */
  leave(connection: Paced, reads: Pace<Paced> | undefined, writes: Pace<Paced> | undefined): void {
    if (reads !== undefined) this.#readers.delete(connection);
    if (reads !== undefined) this.reads.leave(reads);
    if (writes !== undefined) this.writes.leave(writes);
  }
}

function tickLane(lane: Lane<Paced>, portion: Portion, totalPerSecond: number, nowMs: number, sinceMs: number): void {
  lane.setShare(portion.of(totalPerSecond));
  lane.tick(nowMs, portion.gift((totalPerSecond * BURST_MS) / 1000));
  portion.tell(lane, sinceMs);
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
