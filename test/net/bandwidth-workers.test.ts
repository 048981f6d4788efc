import { expect, test } from "bun:test";
import fc from "fast-check";
import { Bandwidth, type Paced } from "../../src/net/bandwidth/mod.ts";
import { waterLevel } from "../../src/net/bandwidth/water-level.ts";
import { BURST_MS } from "../../src/net/bandwidth/worker-share.ts";
import { Count, CountRows } from "../../src/net/counts.ts";
import { turnLimit } from "../turns.ts";

const STEP_MS = 5;
const CHUNK_BYTES = 4000;

interface WorkerSpec {
  /** Bytes per second that each connection wants; `Infinity` = as much as it gets. */
  wanted: number[];
  firstTickMs: number;
  tickMs: number;
  /** Its thread's clock, when that of the simulation is 0. */
  clockMs: number;
  /** When its connections want anything: for so long, then for as long nothing; 0 = always. */
  spellMs: number;
}

/** A connection of a simulated worker: reads bring chunks, writes take what there is room for. */
class Connection implements Paced {
  readonly descriptor = 1;
  readonly wanted: number;
  readonly #worker: Worker;
  readonly #bucket: Bandwidth["reads"];
  readonly #pace: ReturnType<Bandwidth["reads"]["join"]>;
  backlog = 0;
  moved = 0;

  constructor(worker: Worker, wanted: number) {
    this.#worker = worker;
    this.wanted = wanted;
    this.#bucket = worker.writes ? worker.bandwidth.writes : worker.bandwidth.reads;
    this.#pace = this.#bucket.join(this, worker.nowMs);
  }

  readAgain(): void {}

  writeAgain(): void {
    this.move();
  }

  move(): void {
    const turn = turnLimit(100_000);
    const { nowMs, writes } = this.#worker;
    while (turn() && !this.#pace.waiting && this.backlog >= 1) {
      const room = writes ? this.#bucket.room(this.#pace, nowMs) : CHUNK_BYTES;
      const bytes = Math.min(Math.floor(this.backlog), CHUNK_BYTES, room);
      this.backlog -= bytes;
      this.moved += bytes;
      this.#bucket.used(this.#pace, bytes, nowMs);
      if (this.#bucket.room(this.#pace, nowMs) < 1) this.#bucket.wait(this.#pace);
    }
  }
}

class Worker {
  readonly writes: boolean;
  readonly spec: WorkerSpec;
  readonly bandwidth: Bandwidth;
  readonly connections: Connection[];
  readonly #clock: { nowMs: number; ticked: ((nowMs: number) => void) | undefined };
  #nextTickMs: number;
  nowMs: number;

  constructor(spec: WorkerSpec, rows: CountRows, index: number, perSecond: number, writes: boolean) {
    this.spec = spec;
    this.writes = writes;
    this.nowMs = spec.clockMs;
    this.#nextTickMs = spec.firstTickMs;
    this.#clock = { nowMs: spec.clockMs, ticked: undefined };
    this.bandwidth = new Bandwidth(() => {}, rows, index);
    rows.row(index)[Count.active] = spec.wanted.length;
    const [read, write] = writes ? [0, perSecond] : [perSecond, 0];
    const total = { totalReadBytesPerSecond: read, totalWriteBytesPerSecond: write };
    this.bandwidth.update({ readBytesPerSecond: 0, writeBytesPerSecond: 0, ...total }, this.#clock);
    this.connections = spec.wanted.map((wanted) => new Connection(this, wanted));
  }

  step(atMs: number): void {
    const { spec } = this;
    this.nowMs = spec.clockMs + atMs;
    // A clock without connections does not tick.
    if (atMs >= this.#nextTickMs && spec.wanted.length > 0) {
      this.#clock.ticked?.(this.nowMs);
      this.#nextTickMs += spec.tickMs;
    }
    const isQuiet = spec.spellMs > 0 && Math.floor(atMs / spec.spellMs) % 2 === 1;
    for (const each of this.connections) {
      each.backlog = isQuiet ? 0 : Math.min(each.backlog + (each.wanted * STEP_MS) / 1000, 1e12);
      each.move();
    }
  }
}

const rates = fc.integer({ min: 20_000, max: 20_000_000 });
const wanted = fc.oneof(fc.integer({ min: 1, max: 4_000_000 }), fc.constant(Number.POSITIVE_INFINITY));
const workers = (spellMs: fc.Arbitrary<number>, tickMs: fc.Arbitrary<number>) =>
  fc.array(
    fc.record({
      wanted: fc.array(wanted, { maxLength: 8 }),
      firstTickMs: fc.integer({ min: 0, max: 10 }).map((steps) => steps * STEP_MS),
      tickMs,
      clockMs: fc.oneof(fc.integer({ min: 0, max: 1_000_000 }), fc.constant(2 ** 31 - 1500)),
      spellMs,
    }),
    { minLength: 1, maxLength: 4 },
  );

/** Runs the workers; calls `seen` with what all connections moved since the start. */
function simulate(
  specs: readonly WorkerSpec[],
  perSecond: number,
  writes: boolean,
  forMs: number,
  seen: (atMs: number, moved: number, connections: readonly Connection[]) => void,
): Connection[] {
  const rows = CountRows.shared(specs.length);
  const all = specs.map((spec, index) => new Worker(spec, rows, index, perSecond, writes));
  const connections = all.flatMap((worker) => worker.connections);
  for (let atMs = 0; atMs < forMs; atMs += STEP_MS) {
    for (const worker of all) worker.step(atMs);
    seen(
      atMs,
      connections.reduce((sum, { moved }) => sum + moved, 0),
      connections,
    );
  }
  return connections;
}

test("in no window of time do all workers together move more than rate × time, a burst, a tick, and a chunk for each reader", () => {
  const loads = workers(fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 40, max: 200 }));
  fc.assert(
    fc.property(fc.boolean(), rates, loads, (writes, perSecond, specs) => {
      const readers = writes ? 0 : specs.reduce((sum, spec) => sum + spec.wanted.length, 0);
      // What a tick adds may have come before the window. The clock that workers share counts whole milliseconds.
      const sparedMs = BURST_MS + Math.max(...specs.map((spec) => spec.tickMs)) + 1;
      const bound = (perSecond * sparedMs) / 1000 + readers * CHUNK_BYTES + 1;
      let [least, most] = [0, 0];
      simulate(specs, perSecond, writes, 3000, (atMs, moved) => {
        const beyond = moved - (perSecond * atMs) / 1000;
        most = Math.max(most, beyond - least);
        least = Math.min(least, beyond);
      });
      expect(most).toBeLessThanOrEqual(bound);
    }),
    { numRuns: 150 },
  );
});

test("over workers a total rate is shared max-min to within 15 % and two bursts, however their ticks lie", () => {
  const loads = workers(fc.constant(0), fc.integer({ min: 50, max: 60 }));
  const [warmUpMs, seconds] = [3000, 6];
  fc.assert(
    fc.property(fc.boolean(), rates, loads, (writes, perSecond, specs) => {
      const before: number[] = [];
      const all = simulate(specs, perSecond, writes, warmUpMs + seconds * 1000, (atMs, _, connections) => {
        if (atMs === warmUpMs) before.push(...connections.map(({ moved }) => moved));
      });
      const demands = all.map((each) => each.wanted);
      const level = waterLevel(Float64Array.from(demands), demands.length, perSecond);
      for (const [index, { moved, wanted }] of all.entries()) {
        const fair = Math.min(wanted, level) * seconds;
        const slack = 0.15 * fair + (2 * perSecond * BURST_MS) / 1000 + 3 * CHUNK_BYTES;
        expect(Math.abs(moved - before[index]! - fair)).toBeLessThanOrEqual(slack);
      }
    }),
    { numRuns: 40 },
  );
});

test("a worker that is replaced beside others adds at most one burst and a chunk, and takes nothing from them", () => {
  const perSecond = 1_000_000;
  for (const writes of [false, true]) {
    const rows = CountRows.shared(2);
    const spec = (clockMs: number): WorkerSpec => ({
      wanted: [Number.POSITIVE_INFINITY],
      firstTickMs: 0,
      tickMs: 50,
      clockMs,
      spellMs: 0,
    });
    const lasting = new Worker(spec(7_000_000), rows, 0, perSecond, writes);
    let [replaced, gone] = [new Worker(spec(0), rows, 1, perSecond, writes), 0];
    const moved = () => lasting.connections[0]!.moved + replaced.connections[0]!.moved + gone;
    for (let atMs = 0; atMs < 20_000; atMs += STEP_MS) {
      lasting.step(atMs);
      replaced.step(atMs);
      if (atMs % 2000 > 0 || atMs === 0) continue;
      const replacements = atMs / 2000 - 1;
      const each = (perSecond * BURST_MS) / 1000 + CHUNK_BYTES;
      const added = replacements * each + 2 * CHUNK_BYTES;
      expect(moved()).toBeWithin(perSecond * (atMs / 1000 - 0.2), perSecond * (atMs / 1000 + 0.151) + added);
      gone += replaced.connections[0]!.moved;
      // Each thread's clock starts anew.
      replaced = new Worker(spec(-atMs), rows, 1, perSecond, writes);
    }
    expect(lasting.connections[0]!.moved).toBeWithin(8_000_000, 12_000_000);
  }
});

test("a transfer that stops and starts on one worker leaves nothing unused for one on another worker", () => {
  const perSecond = 1_000_000;
  const spec = (spellMs: number, firstTickMs: number): WorkerSpec => ({
    wanted: [Number.POSITIVE_INFINITY],
    firstTickMs,
    tickMs: 50,
    clockMs: 0,
    spellMs,
  });
  for (const writes of [false, true]) {
    for (const spellMs of [100, 400, 1000]) {
      let total = 0;
      const [lasting] = simulate([spec(0, 0), spec(spellMs, 30)], perSecond, writes, 10_000, (_, moved) => {
        total = moved;
      });
      expect(total).toBeGreaterThan(9.8 * perSecond);
      // Half of the time alone, and half of the rate in the other half.
      expect(lasting!.moved).toBeGreaterThan(0.6 * total);
    }
  }
});

test("a connection that does not wait on one worker gets no more than the backlogged ones on others", () => {
  const wanted = (list: number[], firstTickMs: number): WorkerSpec => ({
    wanted: list,
    firstTickMs,
    tickMs: 50,
    clockMs: 0,
    spellMs: 0,
  });
  const endless = Number.POSITIVE_INFINITY;
  for (const writes of [false, true]) {
    const specs = [
      wanted([endless, endless], 0),
      wanted([140_000], 15),
      wanted([endless, endless, endless, endless], 0),
    ];
    const all = simulate(specs, 560_000, writes, 10_000, () => {});
    // A seventh of the rate each.
    for (const { moved } of all) expect(moved).toBeWithin(720_000, 880_000);
  }
});

test("the rate of a worker whose event loop is held up goes to the others", () => {
  for (const writes of [false, true]) {
    const spec = { wanted: [Number.POSITIVE_INFINITY], firstTickMs: 0, clockMs: 0, spellMs: 0 };
    const specs = [
      { ...spec, tickMs: 50 },
      { ...spec, tickMs: 3000 },
    ];
    let total = 0;
    simulate(specs, 1_000_000, writes, 9000, (_, moved) => {
      total = moved;
    });
    expect(total).toBeGreaterThan(0.95 * 9_000_000);
  }
});
