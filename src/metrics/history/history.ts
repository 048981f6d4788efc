import { logOf, TimeGrid } from "../../base/mod.ts";
import { fittingSize } from "../../limits/mod.ts";
import type { Column, SeriesAnswer, SeriesQuery } from "./answers.ts";
import type { HistoryDisk, Labels, SeriesName } from "./disk.ts";
import { BLOCK_MS, OpenBlock, POINT_MS } from "./open-block.ts";
import { type BucketRange, bucketsFor, type Resolution } from "./resolution.ts";
import { type HandedSeconds, packValues, unpackValues } from "./seconds.ts";
import { seriesKey } from "./series-key.ts";
import { RING_SECONDS, Tracked } from "./tracked.ts";

/** Adds a value to the second that is being sampled. */
export type Take = (name: string, type: "counter" | "gauge", value: number, labels?: Labels) => void;

export interface HistoryOptions {
  /** Keeps values that are older than a few minutes; without a disk they are dropped after two hours. */
  readonly disk?: HistoryDisk;
  /** Series in memory at a time; further ones are left out, which is logged once. 5 KB each. @default {2000, less where memory is limited} */
  readonly maxSeries?: number;
  /** How often the disk is written, in whole blocks of five minutes. ms @default {300000} */
  readonly writeEveryMs?: number;
}

const log = logOf("metrics");
const NO_LABELS: Labels = {};
/** Blocks that wait in memory while the disk cannot be written: two hours. */
const MAX_WAITING = 24;
const NO_DISK: readonly Resolution[] = [{ stepMs: POINT_MS, keepMs: MAX_WAITING * BLOCK_MS }];
const RING: Resolution = { stepMs: 1000, keepMs: RING_SECONDS * 1000 };

/**
 * The history of the metrics: each second of the last quarter of an hour in memory, and points of ten seconds on disk. Time is
 * an argument. A clock that jumps leaves a gap, or overwrites; rates use a clock that does not jump.
 *
 * @example
 * const history = new History();
 * history.sample(1_000_000, 0, (take) => take("open", "gauge", 5));
 * history.keys(); // ["open"]
 * history.columns(0); // [{ t: 1_000_000, v: [5] }]
 */
export class History {
  /** Counts up when series come or go: `keys()` has changed. */
  keysVersion = 0;
  /** Values of the last second whose series did not fit. */
  leftOut = 0;
  readonly #disk: HistoryDisk | undefined;
  readonly #maxSeries: number;
  readonly #blocksAWrite: number;
  readonly #tracked = new Map<string, Tracked>();
  /** The series of the last second in the order that they came, which is mostly that of the next: found without their keys. */
  #inOrder: (Tracked | undefined)[] = [];
  #place = 0;
  /** The second that each column of the ring holds; -1 for none. */
  readonly #seconds = new Float64Array(RING_SECONDS).fill(-1);
  #second = -1;
  #firstSecond = -1;
  #block: OpenBlock | undefined;
  /** Whole blocks that are not on disk yet, oldest first. */
  #waiting: OpenBlock[] = [];
  #writing: Promise<void> | undefined;
  #hasLoggedFull = false;

  constructor({ disk, maxSeries = fittingSize(2000, 500), writeEveryMs = BLOCK_MS }: HistoryOptions = {}) {
    this.#disk = disk;
    this.#maxSeries = maxSeries;
    this.#blocksAWrite = Math.min(MAX_WAITING, Math.max(1, Math.round(writeEveryMs / BLOCK_MS)));
  }

  /**
   * Samples one second. Another call within the same second does nothing.
   *
   * @param nowMs since 1970
   * @param elapsedMs by a monotonic clock
   * @param read passes every value to `take`
   */
  sample(nowMs: number, elapsedMs: number, read: (take: Take) => void): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    this.#beginSecond(second, elapsedMs);
    const column = second % RING_SECONDS;
    this.leftOut = 0;
    this.#place = 0;
    read((name, type, value, labels = NO_LABELS) => {
      const series = this.#seriesOf(name, type, labels, elapsedMs);
      if (series === undefined) this.leftOut += 1;
      else series.values[column] = series.valueOf(value, elapsedMs);
    });
    this.#inOrder.length = this.#place;
    for (const series of this.#tracked.values()) {
      series.gather(series.values[column]!);
    }
    if (this.leftOut > 0 && !this.#hasLoggedFull) {
      this.#hasLoggedFull = true;
      log.warn("history is full, more series are left out", { series: this.#maxSeries, leftOut: this.leftOut });
    }
  }

  /**
   * Returns the series of a name over a range, from memory and disk, at the best resolution for the step; at most 2000 points.
   *
   * @throws {TenkError} `invalid-option` for a range that ends before it begins
   */
  async series({ name, labels = {}, ...range }: SeriesQuery): Promise<SeriesAnswer> {
    const nowMs = this.#second < 0 ? range.toMs : this.#second * 1000;
    const buckets = bucketsFor(range, nowMs, [RING, ...(this.#disk?.levels ?? NO_DISK)]);
    const matches = (series: SeriesName) =>
      series.name === name && Object.entries(labels).every(([label, value]) => series.labels[label] === value);
    const found = new Map<string, { name: SeriesName; grid: TimeGrid }>();
    const gridOf = (key: string, series: SeriesName) => {
      const known = found.get(key) ?? {
        name: series,
        grid: new TimeGrid(buckets.fromMs, buckets.stepMs, buckets.length),
      };
      found.set(key, known);
      return known.grid;
    };
    const untilMs = this.#readMemory(buckets, matches, gridOf);
    if (this.#disk !== undefined && buckets.fromMs < untilMs) {
      for (const series of await this.#disk.read({ name, labels, ...buckets, untilMs })) {
        gridOf(seriesKey(series.name, series.labels), series).addGrid(series.grid);
      }
    }
    const series = [...found].map(
      ([
        key,
        {
          name: { name, labels, type },
          grid,
        },
      ]) => {
        const { min, mean, max } = grid.finish();
        return { key, name, labels, type, min, mean, max };
      },
    );
    const t = Array.from({ length: buckets.length }, (_, at) => buckets.fromMs + at * buckets.stepMs);
    return { stepMs: buckets.stepMs, t, series };
  }

  /** Returns all series in memory or on disk. */
  async names(): Promise<(SeriesName & { readonly key: string })[]> {
    const known = new Map<string, SeriesName>();
    for (const series of (await this.#disk?.names()) ?? []) known.set(seriesKey(series.name, series.labels), series);
    for (const series of this.#tracked.values()) known.set(series.key, series);
    return [...known].map(([key, { name, labels, type }]) => ({ key, name, labels, type }));
  }

  /** Returns the series of the last quarter of an hour, in the order of the columns; see `keysVersion`. */
  keys(): string[] {
    return [...this.#tracked.keys()];
  }

  /**
   * Returns the seconds after `afterMs` that are in memory, oldest first. When the clock was set back to before `afterMs`, it
   * returns the last second: a page must not stand still until the clock is there again.
   */
  columns(afterMs: number): Column[] {
    const columns: Column[] = [];
    const after = Math.floor(afterMs / 1000);
    const next = after > this.#second ? this.#second : after + 1;
    const first = Math.max(0, next, this.#second - RING_SECONDS + 1);
    for (let second = first; second <= this.#second; second++) {
      const column = this.#columnOf(second);
      if (column === undefined) continue;
      const v = Array.from(this.#tracked.values(), ({ values }) =>
        Number.isNaN(values[column]!) ? null : values[column]!,
      );
      columns.push({ t: second * 1000, v });
    }
    return columns;
  }

  /** Returns the seconds in memory, for the process that replaces this one. */
  handOver(): HandedSeconds {
    const known = this.#seconds.filter((second) => second >= 0 && second > this.#second - RING_SECONDS);
    const seconds = [...known.filter((second) => second <= this.#second)].sort((a, b) => a - b);
    const columns = seconds.map((second) => second % RING_SECONDS);
    const series = [...this.#tracked.values()].map(({ name, labels, type, values }) => {
      const row = Float32Array.from(columns, (column) => values[column]!);
      return { name, labels, type, values: packValues(row) };
    });
    return { seconds, series };
  }

  /**
   * Puts the seconds of the process before in the place of our own of that time, when nothing was connected to this one. What was to be
   * written of our own is dropped: the other has written its own.
   */
  takeOver({ seconds, series }: HandedSeconds, elapsedMs: number): void {
    const last = seconds.at(-1);
    if (last === undefined) return;
    const columns = seconds.map((second) => second % RING_SECONDS);
    for (const own of this.#tracked.values()) for (const column of columns) own.values[column] = Number.NaN;
    for (const { name, labels, type, values: text } of series) {
      const tracked = this.#seriesByKey(name, type, labels, elapsedMs);
      const values = unpackValues(text, seconds.length);
      for (const [at, column] of columns.entries()) if (tracked !== undefined) tracked.values[column] = values[at]!;
    }
    for (const [at, column] of columns.entries()) this.#seconds[column] = seconds[at]!;
    this.#second = Math.max(this.#second, last);
    this.#firstSecond = Math.max(seconds[0]!, this.#second - RING_SECONDS + 1);
    this.#waiting = [];
    this.#block = new OpenBlock(Math.floor((this.#second * 1000) / BLOCK_MS) * BLOCK_MS);
    this.#gatherPoint();
  }

  /** Makes the point in progress of what the ring has of it. */
  #gatherPoint(): void {
    for (const series of this.#tracked.values()) {
      series.beginPoint();
      for (let second = Math.floor(this.#second / 10) * 10; second <= this.#second; second++) {
        const column = this.#columnOf(second);
        if (column !== undefined) series.gather(series.values[column]!);
      }
    }
  }

  /** Writes everything that is not on disk yet, and waits for it. Sampling may go on. */
  async flush(): Promise<void> {
    await this.#writing;
    this.#putPoints(this.#second);
    const open = this.#block === undefined || this.#block.isEmpty ? [] : [this.#block];
    this.#writing = this.#write(open, true);
    await this.#writing;
  }

  #beginSecond(second: number, elapsedMs: number): void {
    const before = this.#second;
    this.#firstSecond = this.#firstAfter(second);
    if (second < before) this.#forgetAfter(second);
    this.#second = second;
    const pointMs = Math.floor(second / 10) * POINT_MS;
    const blockMs = Math.floor((second * 1000) / BLOCK_MS) * BLOCK_MS;
    if (before >= 0 && Math.floor(before / 10) * POINT_MS !== pointMs) {
      this.#putPoints(before);
      for (const series of this.#tracked.values()) series.beginPoint();
    }
    if (this.#block !== undefined && this.#block.startMs !== blockMs) {
      this.#endBlock(this.#block);
      this.#forgetSilent(elapsedMs);
    }
    this.#block ??= new OpenBlock(blockMs);
    const column = second % RING_SECONDS;
    this.#seconds[column] = second;
    for (const series of this.#tracked.values()) series.values[column] = Number.NaN;
  }

  /**
   * Returns the second from which on the ring is complete; earlier ones may be on disk. A clock that jumps far ahead, as on a
   * machine that boots in 1970, empties the ring; one that is set back leaves part of it.
   */
  #firstAfter(second: number): number {
    const before = this.#second;
    if (before < 0 || second > before + RING_SECONDS) return second;
    return Math.min(second, Math.max(this.#firstSecond, before - RING_SECONDS + 1));
  }

  /** Drops the seconds that are in the future since the clock was set back. */
  #forgetAfter(second: number): void {
    for (let column = 0; column < RING_SECONDS; column++) {
      if (this.#seconds[column]! >= second) this.#seconds[column] = -1;
    }
  }

  #putPoints(second: number): void {
    const pointMs = Math.floor(second / 10) * POINT_MS;
    for (const series of this.#tracked.values()) {
      const point = series.point();
      if (point !== undefined) this.#block?.put(series, pointMs, point);
    }
  }

  #endBlock(block: OpenBlock): void {
    this.#block = undefined;
    if (block.isEmpty) return;
    this.#waiting = [...this.#waiting, block].slice(-MAX_WAITING);
    if (this.#waiting.length >= this.#blocksAWrite) this.#writing ??= this.#write([], false);
  }

  #forgetSilent(elapsedMs: number): void {
    for (const [key, { readMs }] of this.#tracked) {
      if (elapsedMs - readMs < RING_SECONDS * 1000) continue;
      this.#tracked.delete(key);
      this.#inOrder = [];
      this.keysVersion += 1;
    }
  }

  /** @param open blocks in progress, which will be written again later */
  async #write(open: readonly OpenBlock[], insist: boolean): Promise<void> {
    const whole = this.#waiting;
    const blocks = [...whole, ...open].map((block) => block.plain());
    if (this.#disk !== undefined && blocks.length > 0 && (await this.#disk.write(blocks, insist))) {
      this.#waiting = this.#waiting.filter((block) => !whole.includes(block));
    }
    this.#writing = undefined;
  }

  #seriesOf(name: string, type: "counter" | "gauge", labels: Labels, elapsedMs: number): Tracked | undefined {
    const place = this.#place++;
    const expected = this.#inOrder[place];
    if (expected?.is(name, labels)) return expected;
    const series = this.#seriesByKey(name, type, labels, elapsedMs);
    this.#inOrder[place] = series;
    return series;
  }

  #seriesByKey(name: string, type: "counter" | "gauge", labels: Labels, elapsedMs: number): Tracked | undefined {
    const key = seriesKey(name, labels);
    const known = this.#tracked.get(key);
    if (known !== undefined || this.#tracked.size >= this.#maxSeries) return known;
    const sorted = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const series = new Tracked(key, name, sorted, type, elapsedMs);
    this.#tracked.set(key, series);
    this.keysVersion += 1;
    return series;
  }

  #columnOf(second: number): number | undefined {
    const column = ((second % RING_SECONDS) + RING_SECONDS) % RING_SECONDS;
    return this.#seconds[column] === second ? column : undefined;
  }

  /** @returns the time from which on memory is complete */
  #readMemory(
    buckets: BucketRange,
    matches: (series: SeriesName) => boolean,
    gridOf: (key: string, series: SeriesName) => TimeGrid,
  ): number {
    return buckets.stepMs < POINT_MS
      ? this.#readRing(buckets, matches, gridOf)
      : this.#readBlocks(buckets, matches, gridOf);
  }

  #readRing(
    { fromMs, stepMs, length }: BucketRange,
    matches: (series: SeriesName) => boolean,
    gridOf: (key: string, series: SeriesName) => TimeGrid,
  ): number {
    const first = Math.max(Math.floor(fromMs / 1000), this.#second - RING_SECONDS + 1);
    const last = Math.min(Math.ceil((fromMs + length * stepMs) / 1000) - 1, this.#second);
    for (const series of this.#tracked.values()) {
      if (!matches(series)) continue;
      const grid = gridOf(series.key, series);
      for (let second = first; second <= last; second++) {
        const column = this.#columnOf(second);
        const value = column === undefined ? Number.NaN : series.values[column]!;
        if (!Number.isNaN(value)) grid.add(second * 1000, 1000, value, value, value);
      }
    }
    return this.#firstSecond < 0 ? Number.MAX_SAFE_INTEGER : this.#firstSecond * 1000;
  }

  #readBlocks(
    { fromMs }: BucketRange,
    matches: (series: SeriesName) => boolean,
    gridOf: (key: string, series: SeriesName) => TimeGrid,
  ): number {
    const blocks = this.#block === undefined ? this.#waiting : [...this.#waiting, this.#block];
    const pointMs = Math.floor(this.#second / 10) * POINT_MS;
    let untilMs = this.#second < 0 ? Number.MAX_SAFE_INTEGER : pointMs;
    for (const block of blocks) {
      // A block from a wrong clock, decades ago, does not mean that memory has everything since then.
      if (block.startMs + BLOCK_MS <= fromMs) continue;
      untilMs = Math.min(untilMs, block.firstMs);
      for (const series of block.series()) {
        if (!matches(series)) continue;
        const grid = gridOf(series.key, series);
        block.read(series, (atMs, min, mean, max) => {
          // The point in progress is complete only in its series.
          if (atMs !== pointMs) grid.add(atMs, POINT_MS, min, mean, max);
        });
      }
    }
    for (const series of this.#tracked.values()) {
      const point = matches(series) ? series.point() : undefined;
      if (point !== undefined) gridOf(series.key, series).add(pointMs, POINT_MS, ...point);
    }
    return untilMs;
  }
}
