import { expect, test } from "bun:test";
import fc from "fast-check";
import { PoolCore, type Waiter } from "../../src/net/dial/pool-core.ts";

type Place = "opening" | "idle" | "out" | "gone";
interface Asked {
  state: "waiting" | "given" | "refused" | "withdrawn";
  member: number;
  waiter: Waiter<number>;
}

/** A pool of numbers that notes where each is by what it is told, and not by what the pool says of itself. */
class World {
  readonly places: Place[] = [];
  readonly asked: Asked[] = [];
  readonly toldWaiters: number[] = [];
  nowMs = 0;
  stopped = false;
  toOpen = 0;
  readonly core: PoolCore<number>;
  readonly bounds: { maxOpen: number; maxIdle: number; maxWaiting: number };

  constructor(bounds: { maxOpen: number; maxIdle: number; maxWaiting: number }) {
    this.bounds = bounds;
    this.core = new PoolCore<number>(bounds, {
      open: () => { this.toOpen += 1; }, // biome-ignore format: one thought
      discard: (member) => {
        expect(this.places[member]).not.toBe("gone");
        this.places[member] = "gone";
        // As a socket that closes tells the pool, although it has forgotten it.
        this.core.forget(member);
      },
      rest: (member) => { this.places[member] = "idle"; }, // biome-ignore format: one thought
    });
  }

  in(place: Place): number[] {
    return this.places.flatMap((each, member) => (each === place ? [member] : []));
  }

  waiting(): Asked[] {
    return this.asked.filter(({ state }) => state === "waiting");
  }

  acquire(): void {
    const number = this.asked.length;
    const mayWait = this.waiting().length - this.toOpen < this.bounds.maxWaiting;
    const hasRoom = this.in("idle").length + this.in("out").length + this.toOpen < this.bounds.maxOpen;
    const lastIdle = this.in("idle").length > 0;
    const asked: Asked = {
      state: "waiting",
      member: -1,
      waiter: {
        give: (member) => {
          expect(asked.state).toBe("waiting");
          expect(this.places[member]).not.toBeOneOf(["out", "gone"]);
          // First come, first served: nobody who asked before still waits.
          expect(this.asked.slice(0, number).some(({ state }) => state === "waiting")).toBe(false);
          asked.state = "given";
          asked.member = member;
          this.places[member] = "out";
        },
        refuse: () => {
          expect(asked.state).toBe("waiting");
          asked.state = "refused";
        },
      },
    };
    this.asked.push(asked);
    const isTaken = this.core.acquire(asked.waiter);
    expect(isTaken).toBe(this.stopped || lastIdle || hasRoom || mayWait);
    if (!isTaken) asked.state = "refused";
    if (this.stopped) expect(asked.state).toBe("refused");
  }

  tryAcquire(): void {
    const idle = this.in("idle");
    const member = this.core.tryAcquire();
    expect(member === undefined).toBe(idle.length === 0);
    if (member === undefined) return;
    expect(idle).toContain(member);
    this.places[member] = "out";
  }

  opened(): void {
    if (this.toOpen === 0) return;
    this.toOpen -= 1;
    this.places.push("opening");
    this.core.opened(this.places.length - 1, this.nowMs);
  }

  failed(): void {
    if (this.toOpen === 0) return;
    this.toOpen -= 1;
    this.core.failed(new Error("refused"));
  }

  release(pick: number): void {
    const out = this.in("out");
    const member = out[pick % out.length];
    if (member === undefined) return;
    expect(this.core.isOut(member)).toBe(true);
    this.places[member] = "opening"; // on its way, as a new one is
    this.core.release(member, this.nowMs);
  }

  close(pick: number): void {
    const open = [...this.in("out"), ...this.in("idle")];
    const member = open[pick % open.length];
    if (member === undefined) return;
    this.places[member] = "gone";
    this.core.forget(member);
  }

  withdraw(pick: number): void {
    const waiting = this.waiting();
    const asked = waiting[pick % waiting.length];
    if (asked === undefined) return;
    asked.state = "withdrawn";
    this.core.withdraw(asked.waiter);
  }

  stop(): void {
    this.stopped = true;
    this.core.stop(new Error("stopped"));
    expect(this.in("idle")).toEqual([]);
    expect(this.waiting()).toEqual([]);
  }

  /** What holds after every step. */
  check(): void {
    const { maxOpen, maxIdle } = this.bounds;
    const [idle, out, waiting] = [this.in("idle").length, this.in("out").length, this.waiting().length];
    expect(this.core.counts()).toEqual({ open: idle + out, idle, opening: this.toOpen, waiting });
    expect(idle + out + this.toOpen).toBeLessThanOrEqual(maxOpen);
    expect(idle).toBeLessThanOrEqual(this.stopped ? 0 : maxIdle);
    expect(this.in("opening")).toEqual([]);
    // Nobody waits beside an idle one, or beside room for one more that is not being opened.
    if (waiting > 0) expect(idle).toBe(0);
    if (waiting > this.toOpen) expect(idle + out + this.toOpen).toBe(maxOpen);
  }
}

type Step = [keyof typeof steps, number];
const steps = {
  acquire: (world: World) => world.acquire(),
  tryAcquire: (world: World) => world.tryAcquire(),
  opened: (world: World) => world.opened(),
  failed: (world: World) => world.failed(),
  release: (world: World, pick: number) => world.release(pick),
  close: (world: World, pick: number) => world.close(pick),
  withdraw: (world: World, pick: number) => world.withdraw(pick),
  wait: (world: World, pick: number) => {
    world.nowMs += pick;
    world.core.expire(world.nowMs - 100);
    expect(world.core.idleSinceMs ?? world.nowMs).toBeGreaterThan(world.nowMs - 100);
  },
  stop: (world: World, pick: number) => {
    if (pick % 10 === 0) world.stop();
  },
};

const names = ["acquire", "acquire", "acquire", "opened", "opened", "release", ...Object.keys(steps)] as Step[0][];
const anyStep: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom(...names), fc.nat({ max: 60 }));

test("whatever happens in whatever order, each connection is in one place, bounds hold and nobody is passed over", () => {
  fc.assert(
    fc.property(
      fc.record({
        maxOpen: fc.integer({ min: 1, max: 4 }),
        maxIdle: fc.nat({ max: 4 }),
        maxWaiting: fc.nat({ max: 5 }),
      }),
      fc.array(anyStep, { maxLength: 60 }),
      (bounds, script) => {
        const world = new World(bounds);
        for (const [name, pick] of script) {
          steps[name](world, pick);
          world.check();
        }
      },
    ),
    { numRuns: 1500 },
  );
});
