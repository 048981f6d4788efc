import { expect, test } from "bun:test";
import fc from "fast-check";
import { Bandwidth, type Paced } from "../../src/net/bandwidth/mod.ts";
import { Count, CountRows } from "../../src/net/counts.ts";
import { turnLimit } from "../turns.ts";

const OFF = { readBytesPerSecond: 0, writeBytesPerSecond: 0, totalReadBytesPerSecond: 0, totalWriteBytesPerSecond: 0 };

function clockAt(nowMs: number): { nowMs: number; ticked: ((nowMs: number) => void) | undefined } {
  return { nowMs, ticked: undefined };
}

function reader(descriptor: number): Paced {
  return { descriptor, readAgain() {}, writeAgain() {} };
}

const RATE = 4_000_000;
const STEP_MS = 10;

interface LoopSpec {
  greedy: number;
  talkers: number;
  /** Of a word, on average. */
  bytes: number;
  seed: number;
  /** When its greedy ones are so. */
  wants: (nowMs: number) => boolean;
}

function loop(greedy: number, talkers: number, bytes = 50, seed = 1): LoopSpec {
  return { greedy, talkers, bytes, seed, wants: () => true };
}

/** A connection whose peer does what it does in a simulation: reads bring chunks, writes take what there is room for. */
class Moving implements Paced {
  readonly descriptor = 1;
  readonly isGreedy: boolean;
  readonly #bucket: Bandwidth["reads"];
  readonly #writes: boolean;
  readonly #now: () => number;
  readonly #pace: ReturnType<Bandwidth["reads"]["join"]>;
  backlog = 0;
  moved = 0;
  movedEarly = 0;

  constructor(bandwidth: Bandwidth, writes: boolean, isGreedy: boolean, now: () => number) {
    this.isGreedy = isGreedy;
    this.#writes = writes;
    this.#bucket = writes ? bandwidth.writes : bandwidth.reads;
    this.#now = now;
    this.#pace = this.#bucket.join(this, 0);
  }

  readAgain(): void {}

  writeAgain(): void {
    this.move();
  }

  move(): void {
    const turn = turnLimit(10_000);
    while (turn() && !this.#pace.waiting && this.backlog >= 1) {
      const room = this.#writes ? this.#bucket.room(this.#pace, this.#now()) : 20_000;
      const bytes = Math.min(this.backlog, 20_000, room);
      this.backlog -= bytes;
      this.moved += bytes;
      this.#bucket.used(this.#pace, bytes, this.#now());
      if (this.#bucket.room(this.#pace, this.#now()) < 1) this.#bucket.wait(this.#pace);
    }
  }
}

/** Simulates workers that tick at different times. Returns what each moved, in total and in each second. */
function simulate(writes: boolean, specs: readonly LoopSpec[], forMs: number) {
  const rows = CountRows.shared(specs.length);
  let nowMs = 0;
  const loops = specs.map((spec, index) => {
    rows.row(index)[Count.active] = spec.greedy + spec.talkers;
    const bandwidth = new Bandwidth(() => {}, rows, index);
    const clock = clockAt(0);
    const limits = writes ? { totalWriteBytesPerSecond: RATE } : { totalReadBytesPerSecond: RATE };
    bandwidth.update({ ...OFF, ...limits }, clock);
    const all = Array.from(
      { length: spec.greedy + spec.talkers },
      (_, place) => new Moving(bandwidth, writes, place < spec.greedy, () => nowMs),
    );
    return { spec, clock, all, random: randomFrom(spec.seed + index), tickAt: (index * STEP_MS) % 50 };
  });
  const movedBy = ({ all }: { all: Moving[] }) => all.reduce((sum, { moved }) => sum + moved, 0);
  const seconds: number[][] = [];
  let before = specs.map(() => 0);
  for (; nowMs < forMs; nowMs += STEP_MS) {
    for (const { spec, clock, all, random, tickAt } of loops) {
      if (nowMs % 50 === tickAt) clock.ticked?.(nowMs);
      for (const each of all) {
        if (each.isGreedy) each.backlog = spec.wants(nowMs) ? 1e12 : 0;
        else if (random() < (2 * STEP_MS) / 1000) each.backlog += Math.ceil(spec.bytes * 2 * random());
        each.move();
      }
    }
    if ((nowMs + STEP_MS) % 1000 > 0) continue;
    const moved = loops.map(movedBy);
    seconds.push(moved.map((each, index) => each - before[index]!));
    before = moved;
    if (seconds.length === 2) for (const { all } of loops) for (const each of all) each.movedEarly = each.moved;
  }
  const greedy = loops.flatMap(({ all }) => all.filter(({ isGreedy }) => isGreedy));
  const ofGreedy = greedy.map(({ moved, movedEarly }) => moved - movedEarly);
  const [greediest, leastGreedy] = [Math.max(...ofGreedy), Math.min(...ofGreedy)];
  return { moved: loops.map(movedBy), seconds, greediest, leastGreedy };
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test("nothing ticks and no room must be asked for while nothing is limited", () => {
  const clock = clockAt(0);
  const bandwidth = new Bandwidth(() => {});
  bandwidth.update(OFF, clock);
  expect([bandwidth.reading, bandwidth.writing, clock.ticked]).toEqual([false, false, undefined]);
  bandwidth.update({ ...OFF, totalReadBytesPerSecond: 5 }, clock);
  expect([bandwidth.reading, bandwidth.writing, typeof clock.ticked]).toEqual([true, false, "function"]);
  bandwidth.update(OFF, clock);
  expect([bandwidth.reading, clock.ticked]).toEqual([false, undefined]);
});

test("the kernel keeps a quarter of a second's worth unread, of connections that are read, and follows the rate", () => {
  const told: [number, number][] = [];
  const clock = clockAt(0);
  const bandwidth = new Bandwidth((descriptor, bytes) => told.push([descriptor, bytes]));
  const [first, second] = [reader(7), reader(8)];
  bandwidth.update({ ...OFF, readBytesPerSecond: 100_000, totalReadBytesPerSecond: 400_000 }, clock);
  const pace = bandwidth.joinReads(first, 0);
  bandwidth.joinReads(second, 0);
  expect(told.splice(0)).toEqual([
    [7, 25_000],
    [8, 25_000],
  ]);
  bandwidth.leave(first, pace, undefined);
  bandwidth.update({ ...OFF, readBytesPerSecond: 100 }, clock);
  bandwidth.update({ ...OFF, readBytesPerSecond: 200 }, clock);
  expect(told.splice(0)).toEqual([[8, 4096]]);
  bandwidth.update({ ...OFF, readBytesPerSecond: 50_000_000 }, clock);
  expect(told.splice(0)).toEqual([[8, 0]]);
  bandwidth.update({ ...OFF, readBytesPerSecond: 100_000 }, clock);
  bandwidth.update(OFF, clock);
  expect(told).toEqual([
    [8, 25_000],
    [8, 0],
  ]);
});

test("workers whose connections are all backlogged get a share by their number, and the shares are the whole rate", () => {
  for (const writes of [false, true]) {
    const { moved, seconds } = simulate(writes, [loop(6, 0), loop(0, 0), loop(2, 0)], 10_000);
    const later = (of: number) => seconds.slice(1).reduce((sum, each) => sum + each[of]!, 0);
    expect(later(0) / later(2)).toBeCloseTo(3, 1);
    expect(moved[0]! + moved[2]!).toBeGreaterThan(9.8 * RATE);
    expect(moved[0]! + moved[2]!).toBeLessThan(10.2 * RATE);
  }
});

test("what a worker of talkers leaves goes to the backlogged connections of other workers, the same to each", () => {
  const talkers = fc.record({ count: fc.nat(100), bytes: fc.integer({ min: 1, max: 1000 }), seed: fc.nat() });
  const loops = fc.array(fc.tuple(fc.nat(3), talkers), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(fc.boolean(), loops, (writes, specs) => {
      const greedy = specs.reduce((sum, [count]) => sum + count, 0);
      if (greedy === 0) return;
      // Each talker says a word of `bytes` on average twice a second: at most 4 × 200,000 bytes of the 4,000,000.
      const { moved, greediest, leastGreedy } = simulate(
        writes,
        specs.map(([count, { count: many, bytes, seed }]) => loop(count, many, bytes, seed)),
        8000,
      );
      const all = moved.reduce((sum, each) => sum + each, 0);
      expect(all).toBeGreaterThan(0.9 * 8 * RATE);
      expect(all).toBeLessThan(1.03 * 8 * RATE);
      expect(leastGreedy).toBeGreaterThan(0.75 * greediest);
    }),
    { numRuns: 12 },
  );
});

test("a bulk transfer that begins on another worker has its share within a second, and leaves it as soon", () => {
  for (const writes of [false, true]) {
    const specs = [loop(1, 20), loop(1, 100)];
    const [first, second] = specs as [LoopSpec, LoopSpec];
    const at = (fromMs: number, untilMs: number) => (nowMs: number) => nowMs >= fromMs && nowMs < untilMs;
    first.wants = at(0, 8000);
    second.wants = at(4000, 12_000);
    const { seconds } = simulate(writes, specs, 12_000);
    const share = (second_: number, of: number) => seconds[second_]![of]! / RATE;
    expect(share(3, 0)).toBeGreaterThan(0.9);
    for (const both of [5, 6, 7]) expect(share(both, 0) / share(both, 1)).toBeWithin(0.75, 1.35);
    expect(share(9, 1)).toBeGreaterThan(0.9);
    for (const each of seconds.slice(1)) expect((each[0]! + each[1]!) / RATE).toBeWithin(0.85, 1.12);
  }
});
