import { Lane, type Pace } from "./lane.ts";

/** Bytes per second; 0 = no bound. Fields of `Limits`. */
export interface BandwidthLimits {
  readBytesPerSecond: number;
  writeBytesPerSecond: number;
  totalReadBytesPerSecond: number;
  totalWriteBytesPerSecond: number;
}

/** A connection, as far as its bandwidth is concerned. */
export interface Paced {
  /** Bytes that wait to be written. */
  readonly queuedBytes: number;
  /** It waited for bandwidth, and may read again. */
  readAgain(): void;
  /** It waited for bandwidth, and may write what waits. */
  writeAgain(): void;
}

/**
 * The bandwidth of one event loop's connections. While nothing is limited, all it costs is that a connection looks at
 * `reading` and `writing`.
 */
export class Bandwidth {
  /** Reads must be counted, by `reads`. */
  reading = false;
  /** Writes must ask `writes` for room. */
  writing = false;
  readonly reads = new Lane<Paced>(
    () => Number.POSITIVE_INFINITY,
    (connection) => connection.readAgain(),
  );
  readonly writes = new Lane<Paced>(
    (connection) => connection.queuedBytes,
    (connection) => connection.writeAgain(),
  );
  readonly #share: () => number;
  #limits: BandwidthLimits | undefined;

  /** @param share this loop's part (0 to 1) of the rates in all, asked for at each tick */
  constructor(share: () => number = () => 1) {
    this.#share = share;
  }

  /** Takes new limits, for open connections too. @returns whether `tick` is needed from now on */
  update(limits: BandwidthLimits, nowMs: number): boolean {
    const share = this.#share();
    this.#limits = { ...limits };
    this.reading = limits.readBytesPerSecond + limits.totalReadBytesPerSecond > 0;
    this.writing = limits.writeBytesPerSecond + limits.totalWriteBytesPerSecond > 0;
    this.reads.setRates(limits.readBytesPerSecond, limits.totalReadBytesPerSecond * share, nowMs);
    this.writes.setRates(limits.writeBytesPerSecond, limits.totalWriteBytesPerSecond * share, nowMs);
    return this.reading || this.writing;
  }

  /** To be called every 50 ms or so while something is limited. */
  tick(nowMs: number): void {
    const limits = this.#limits;
    if (limits === undefined) return;
    const share = this.#share();
    this.reads.setShare(limits.totalReadBytesPerSecond * share);
    this.writes.setShare(limits.totalWriteBytesPerSecond * share);
    if (this.reading) this.reads.tick(nowMs);
    if (this.writing) this.writes.tick(nowMs);
  }

  /** A connection closed. */
  leave(reads: Pace<Paced> | undefined, writes: Pace<Paced> | undefined): void {
    if (reads !== undefined) this.reads.leave(reads);
    if (writes !== undefined) this.writes.leave(writes);
  }
}
