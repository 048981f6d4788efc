import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Pace, TokenBucket } from "../../src/net/bandwidth/token-bucket.ts";
import { waterLevel } from "../../src/net/bandwidth/water-level.ts";
import { BURST_MS, WorkerShare } from "../../src/net/bandwidth/worker-share.ts";
import { Count, CountRows } from "../../src/net/counts.ts";
import { turnLimit } from "../turns.ts";

const TICK_MS = 50;
/** The share of a listener's only worker. */
const wholeShare = () => new WorkerShare(new CountRows(1), 0, Count.readShare);

/** A connection that moves bytes of a bucket as the real ones do: reads bring what they bring, writes take what there is room for. */
class Mover {
  readonly pace: Pace<Mover>;
  readonly #bucket: TokenBucket<Mover>;
  readonly #refusable: boolean;
  /** What it would move if nothing bounded it. */
  backlog = 0;
  moved = 0;
  #chunkBytes = 1;

  constructor(bucket: TokenBucket<Mover>, refusable: boolean, nowMs: number) {
    this.pace = bucket.join(this, nowMs);
    this.#bucket = bucket;
    this.#refusable = refusable;
    if (bucket.room(this.pace, nowMs) < 1) bucket.wait(this.pace);
  }

  /** As at the last `move`, when the bucket resumes it. */
  moveAgain(nowMs: number): void {
    this.move(this.#chunkBytes, nowMs);
  }

  move(chunkBytes: number, nowMs: number): void {
    this.#chunkBytes = chunkBytes;
    const turn = turnLimit(1e6);
    while (turn() && !this.pace.waiting && this.backlog >= 1) {
      const room = this.#bucket.room(this.pace, nowMs);
      const bytes = Math.min(this.backlog, chunkBytes, this.#refusable ? room : Number.POSITIVE_INFINITY);
      this.#bucket.used(this.pace, bytes, nowMs);
      this.backlog -= bytes;
      this.moved += bytes;
      if (this.#bucket.room(this.pace, nowMs) < 1) this.#bucket.wait(this.pace);
    }
  }
}

/** A reader that is resumed reads later; a writer writes at once, and what it leaves unused is redistributed. */
class TestBucket extends TokenBucket<Mover> {
  nowMs = 0;

  constructor(each: number, total: number, refusable: boolean) {
    super(
      (mover) => {
        if (refusable) mover.moveAgain(this.nowMs);
      },
      refusable,
      wholeShare(),
    );
    this.setRates(each, total, 0);
  }

  override tick(nowMs: number): void {
    this.nowMs = nowMs;
    super.tick(nowMs);
  }
}

test("the water level is what sorting the demands gives, and never deals out more than there is", () => {
  const demand = fc.oneof(fc.nat(1000), fc.constant(Number.POSITIVE_INFINITY), fc.constant(0));
  fc.assert(
    fc.property(
      fc.array(demand, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 5000 }),
      (list, amount) => {
        const level = waterLevel(Float64Array.from(list), list.length, amount);
        let left = amount;
        let expected = Number.POSITIVE_INFINITY;
        const sorted = [...list].sort((one, other) => one - other);
        for (const [index, each] of sorted.entries()) {
          const equal = left / (sorted.length - index);
          if (each > equal) {
            expected = equal;
            break;
          }
          left -= each;
        }
        if (expected === Number.POSITIVE_INFINITY) expect(level).toBe(expected);
        else expect(level).toBeCloseTo(expected, 6);
      },
    ),
  );
});

const pattern = fc.record({
  refusable: fc.boolean(),
  each: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000_000 })),
  total: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000_000 })),
  steps: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 120 }),
      mover: fc.nat(4),
      bytes: fc.integer({ min: 0, max: 200_000 }),
      chunk: fc.integer({ min: 1, max: 131_072 }),
      closes: fc.boolean(),
    }),
    { minLength: 1, maxLength: 150 },
  ),
});

/** In no window of time, short or long, did more move than the rate allows and `slack`. */
function expectNoWindowAbove(rate: number, slack: number, history: readonly { atMs: number; moved: number }[]): void {
  for (const [index, from] of history.entries()) {
    for (const to of history.slice(index + 1)) {
      const bound = (rate * (to.atMs - from.atMs + BURST_MS)) / 1000 + slack + 1;
      if (to.moved - from.moved > bound) expect(to.moved - from.moved).toBeLessThanOrEqual(bound);
    }
  }
}

test("in no window of any pattern of arrivals, ticks and closes do more bytes move than rate × time, a burst and a chunk each", () => {
  fc.assert(
    fc.property(pattern, ({ refusable, each, total, steps }) => {
      const bucket = new TestBucket(each, total, refusable);
      let nowMs = 0;
      let gone = 0;
      let chunk = 0;
      const movers = Array.from({ length: 5 }, () => new Mover(bucket, refusable, 0));
      const all: { atMs: number; moved: number }[] = [];
      let first: { atMs: number; moved: number }[] = [];
      for (const step of steps) {
        nowMs += step.afterMs;
        bucket.tick(nowMs);
        const mover = movers[step.mover]!;
        mover.backlog += step.bytes;
        for (const each_ of movers) each_.move(step.chunk, nowMs);
        if (!refusable) chunk = Math.max(chunk, step.chunk);
        all.push({ atMs: nowMs, moved: movers.reduce((sum, each_) => sum + each_.moved, gone) });
        first.push({ atMs: nowMs, moved: movers[0]!.moved });
        if (!step.closes) continue;
        gone += mover.moved;
        bucket.leave(mover.pace);
        movers[step.mover] = new Mover(bucket, refusable, nowMs);
        if (step.mover !== 0) continue;
        if (each > 0) expectNoWindowAbove(each, chunk, first);
        first = [];
      }
      if (each > 0) expectNoWindowAbove(each, chunk, first);
      // A chunk that is under way when another connection has used up all is one more for each; and where bytes can be refused,
      // each may have saved up a part of one.
      if (total > 0) expectNoWindowAbove(total, 5 * Math.max(1, chunk), all);
    }),
    { numRuns: 300 },
  );
});

test("a connection that is always backlogged moves the rate exactly, to within one burst and one chunk, however late the ticks come", () => {
  const rates = fc.record({ refusable: fc.boolean(), rate: fc.integer({ min: 1000, max: 5_000_000 }) });
  const ticks = fc.array(fc.integer({ min: 40, max: BURST_MS }), { minLength: 20, maxLength: 200 });
  fc.assert(
    fc.property(rates, ticks, fc.constantFrom("each", "total"), ({ refusable, rate }, waits, which) => {
      const bucket = which === "each" ? new TestBucket(rate, 0, refusable) : new TestBucket(0, rate, refusable);
      const mover = new Mover(bucket, refusable, 0);
      mover.backlog = 1e12;
      let nowMs = 0;
      for (const waitMs of waits) {
        mover.move(65_536, nowMs);
        nowMs += waitMs;
        bucket.tick(nowMs);
      }
      mover.move(65_536, nowMs);
      const exact = (rate * nowMs) / 1000;
      const slack = (rate * BURST_MS) / 1000 + (refusable ? 1 : 65_536) + 1;
      expect(Math.abs(mover.moved - exact)).toBeLessThanOrEqual(slack);
    }),
    { numRuns: 200 },
  );
});

test("a total rate is shared max-min: a connection that wants little gets all of it, the others get the same", () => {
  const wish = fc.oneof(fc.integer({ min: 1, max: 2_000_000 }), fc.constant(Number.POSITIVE_INFINITY));
  const runs = fc.record({
    refusable: fc.boolean(),
    each: fc.oneof(fc.constant(0), fc.integer({ min: 50_000, max: 400_000 })),
    wishes: fc.array(wish, { minLength: 1, maxLength: 8 }),
  });
  const total = 1_000_000;
  const seconds = 60;
  const chunk = 20_000;
  fc.assert(
    fc.property(runs, ({ refusable, each, wishes }) => {
      const bucket = new TestBucket(each, total, refusable);
      const movers = wishes.map(() => new Mover(bucket, refusable, 0));
      for (let nowMs = 0; nowMs < seconds * 1000; nowMs += TICK_MS) {
        bucket.tick(nowMs);
        for (const [index, mover] of movers.entries()) {
          mover.backlog = Math.min(mover.backlog + (wishes[index]! * TICK_MS) / 1000, 1e9);
          mover.move(chunk, nowMs);
        }
      }
      const wanted = wishes.map((each_) => Math.min(each_, each > 0 ? each : each_));
      const level = waterLevel(Float64Array.from(wanted), wanted.length, total);
      for (const [index, mover] of movers.entries()) {
        const fair = Math.min(wanted[index]!, level) * seconds;
        expect(mover.moved).toBeGreaterThanOrEqual(fair * 0.97 - 3 * chunk);
        expect(mover.moved).toBeLessThanOrEqual(fair * 1.03 + 3 * chunk + total / 5);
      }
    }),
    { numRuns: 60 },
  );
});

test("one bulk transfer gets what a hundred connections leave that send a few bytes now and then", () => {
  const word = fc.record({ everyTicks: fc.integer({ min: 1, max: 20 }), bytes: fc.integer({ min: 1, max: 50 }) });
  const many = fc.array(word, { minLength: 1, maxLength: 200, size: "max" });
  fc.assert(
    fc.property(many, fc.boolean(), (words, refusable) => {
      const bucket = new TestBucket(0, 1_000_000, refusable);
      const [greedy, ...talkers] = Array.from({ length: words.length + 1 }, () => new Mover(bucket, refusable, 0));
      greedy!.backlog = 1e12;
      let nowMs = 0;
      for (let tick = 0; nowMs < 20_000; tick++, nowMs += TICK_MS) {
        bucket.tick(nowMs);
        for (const [index, { everyTicks, bytes }] of words.entries()) {
          if (tick % everyTicks === 0) talkers[index]!.backlog += bytes;
          talkers[index]!.move(20_000, nowMs);
        }
        greedy!.move(20_000, nowMs);
      }
      const said = talkers.reduce((sum, { moved }) => sum + moved, 0);
      expect(greedy!.moved + said).toBeGreaterThanOrEqual(0.97 * (nowMs / 1000) * 1_000_000);
    }),
    { numRuns: 30 },
  );
});

test("new rates hold from the next tick on; without a rate the waiting connections resume at once", () => {
  const told: string[] = [];
  const bucket = new TokenBucket<string>((owner) => told.push(owner), false, wholeShare());
  bucket.setRates(1000, 0, 0);
  const pace = bucket.join("it", 0);
  bucket.used(pace, 1100, 0);
  bucket.wait(pace);
  bucket.tick(500);
  expect(told).toEqual([]);
  bucket.setRates(100_000, 0, 500);
  bucket.tick(550);
  expect(told).toEqual(["it"]);
  bucket.used(pace, 1_000_000, 550);
  bucket.wait(pace);
  bucket.setRates(0, 5000, 600);
  expect(bucket.room(pace, 600)).toBeLessThanOrEqual(500);
  told.length = 0;
  bucket.used(pace, 50_000, 600);
  bucket.wait(pace);
  bucket.setRates(0, 0, 650);
  expect([told, bucket.waiting, bucket.room(pace, 650)]).toEqual([["it"], 0, Number.POSITIVE_INFINITY]);
});

test("reconnecting is no way around the total rate: the debt of a closed connection is paid back first", () => {
  const bucket = new TestBucket(0, 1000, false);
  const first = new Mover(bucket, false, 0);
  first.backlog = 5100;
  first.move(5100, 0);
  bucket.leave(first.pace);
  const second = new Mover(bucket, false, 0);
  expect(second.pace.waiting).toBe(true);
  let nowMs = 0;
  const turn = turnLimit(10_000);
  while (turn() && second.pace.waiting) {
    nowMs += TICK_MS;
    bucket.tick(nowMs);
  }
  expect(nowMs).toBeGreaterThanOrEqual(5000);
  expect(nowMs).toBeLessThanOrEqual(5000 + 2 * TICK_MS);
});

test("what a writer leaves unused is redistributed at the same tick, however late the ticks come", () => {
  const moved = [0, 0, 0];
  let nowMs = 0;
  const paces: Pace<number>[] = [];
  const write = (index: number) => {
    const room = bucket.room(paces[index]!, nowMs);
    const bytes = index === 0 ? Math.min(room, 1000) : room;
    bucket.used(paces[index]!, bytes, nowMs);
    moved[index]! += bytes;
    if (bytes === room) bucket.wait(paces[index]!);
  };
  const bucket: TokenBucket<number> = new TokenBucket<number>(write, true, wholeShare());
  bucket.setRates(0, 1_000_000, 0);
  for (const index of [0, 1, 2]) paces.push(bucket.join(index, 0));
  for (; nowMs < 60_000; nowMs += BURST_MS) {
    bucket.tick(nowMs);
    for (const pace of paces) bucket.wait(pace);
  }
  expect(moved[0]).toBeGreaterThanOrEqual(590_000);
  expect(moved[0]! + moved[1]! + moved[2]!).toBeGreaterThan(59_800_000);
  expect(moved[1]! / moved[2]!).toBeCloseTo(1, 1);
});
