import { expect, test } from "bun:test";
import { Gathering, type GatheringClock } from "../../src/net/gathering.ts";

/** A loop of pretended time: each turn reads what has come, and costs 2 µs a read and 5 µs a wake-up. */
class Loop implements GatheringClock {
  ms = 1000;
  sleptUs = 0;
  readonly gathering = new Gathering(this);
  #afterTurn: (() => void)[] = [];

  nowMs = () => this.ms;
  sleepUs(us: number) {
    this.ms += us / 1000;
    this.sleptUs += us;
  }
  afterTurn(callback: () => void) {
    this.#afterTurn.push(callback);
  }
  turn(reads: number) {
    for (let read = 0; read < reads; read++) this.gathering.read();
    this.ms += 0.005 + reads * 0.002;
    for (const callback of this.#afterTurn.splice(0)) callback();
  }

  /** Connections that send whatever is answered. */
  open(perMs: number, forMs: number) {
    const endMs = this.ms + forMs;
    let sinceMs = this.ms;
    while (this.ms < endMs) {
      const due = Math.floor((this.ms - sinceMs) * perMs);
      sinceMs += due / perMs;
      if (due > 0) this.turn(due);
      else this.ms += 1 / perMs;
    }
  }

  /** Clients that each wait for their answer, which takes them 10 µs. @returns reads a millisecond */
  closed(clients: number, forMs: number) {
    const beganMs = this.ms;
    let reads = 0;
    while (this.ms < beganMs + forMs) {
      this.turn(clients);
      reads += clients;
      this.ms += 0.01;
    }
    return reads / (this.ms - beganMs);
  }
}

test("under dense traffic the loop sleeps after its turns, and never longer than permitted", () => {
  const loop = new Loop();
  loop.gathering.permit(100);
  loop.open(100, 1000);
  expect(loop.gathering.count).toBeGreaterThan(1000);
  expect(loop.sleptUs).toBe(loop.gathering.count * 100);
});

test.each([
  ["sparse traffic", 10, 100],
  ["a listener that permits nothing", 100, 0],
])("%s is never held up", (_, perMs, us) => {
  const loop = new Loop();
  loop.gathering.permit(us);
  loop.open(perMs, 1000);
  expect(loop.gathering.count).toBe(0);
});

test("the listener that permits least counts, and one that is gone no longer", () => {
  const loop = new Loop();
  loop.gathering.permit(100);
  loop.gathering.permit(0);
  loop.open(100, 200);
  expect(loop.gathering.count).toBe(0);
  loop.gathering.forget(0);
  loop.open(100, 200);
  expect(loop.gathering.count).toBeGreaterThan(0);
  loop.gathering.forget(100);
  loop.open(100, 60);
  const { count } = loop.gathering;
  loop.open(100, 200);
  expect(loop.gathering.count).toBe(count);
});

test("a loop without listeners never sleeps: a load generator times what it sends", () => {
  const loop = new Loop();
  loop.open(1000, 500);
  expect(loop.gathering.count).toBe(0);
});

test.each([1, 4, 16])("%d clients that wait for their answers lose less than 2 %% over ten seconds", (clients) => {
  const alone = new Loop().closed(clients, 10_000);
  const loop = new Loop();
  loop.gathering.permit(100);
  const gathered = loop.closed(clients, 10_000);
  expect(gathered / alone).toBeGreaterThan(0.98);
});

test("traffic that ends and comes again is gathered again", () => {
  const loop = new Loop();
  loop.gathering.permit(100);
  for (let time = 0; time < 5; time++) {
    const { count } = loop.gathering;
    loop.open(100, 500);
    expect(loop.gathering.count).toBeGreaterThan(count);
    loop.open(1, 2000);
  }
});

test("turns that are full already are not held up", () => {
  const loop = new Loop();
  loop.gathering.permit(100);
  for (let turn = 0; turn < 10_000; turn++) loop.turn(64);
  expect(loop.gathering.count).toBe(0);
});
