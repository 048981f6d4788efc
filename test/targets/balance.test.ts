import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BALANCES, type Balance, Balancer, type Choosable, hashOf, hashOfBytes } from "../../src/targets/balance.ts";
import { randomFrom } from "../wire/fuzz.ts";

interface Fake extends Choosable {
  name: string;
  weight: number;
  active: number;
  draining: boolean;
  hasRoom: boolean;
  isUp: boolean;
}

function target(name: string, given: Partial<Fake> = {}): Fake {
  const plain = {
    name,
    weight: 1,
    active: 0,
    draining: false,
    hasRoom: true,
    isUp: true,
    hash: hashOf(name),
    credit: 0,
    chosenAt: 0,
  };
  return { ...plain, ...given, isUsable: () => given.isUp ?? true };
}

function balancer(balance: Balance, seed = 1): Balancer<Fake> {
  const random = randomFrom(seed);
  return new Balancer(balance, () => random(2 ** 32) / 2 ** 32);
}

const asks = (hash = 0, tried: readonly Fake[] = []) => ({ hash, nowMs: 0, tried });
const names = (chooser: Balancer<Fake>, targets: readonly Fake[], count: number) =>
  Array.from({ length: count }, () => chooser.choose(targets, asks())?.name).join("");

function tally(chooser: Balancer<Fake>, targets: readonly Fake[], count: number, onChoice?: (one: Fake) => void) {
  const counts = new Map(targets.map(({ name }) => [name, 0]));
  for (let index = 0; index < count; index++) {
    const one = chooser.choose(targets, asks(hashOf(`192.0.2.${index}`)))!;
    counts.set(one.name, counts.get(one.name)! + 1);
    onChoice?.(one);
  }
  return counts;
}

describe("round-robin", () => {
  test("goes round", () => {
    expect(names(balancer("round-robin"), [target("a"), target("b"), target("c")], 7)).toBe("abcabca");
  });

  test("spreads a missing one's share over all others", () => {
    const targets = [target("a"), target("b", { isUp: false }), target("c")];
    expect(names(balancer("round-robin"), targets, 6)).toBe("acacac");
  });
});

describe("weighted", () => {
  test("mixes in proportion, in nginx's order", () => {
    const targets = [target("a", { weight: 5 }), target("b"), target("c")];
    expect(names(balancer("weighted"), targets, 14)).toBe("aabacaaaabacaa");
  });

  test("is exact in every full round, whatever the weights", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const targets = weights.map((weight, index) => target(`${index}`, { weight }));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        expect([...tally(balancer("weighted"), targets, 2 * total).values()]).toEqual(weights.map((each) => 2 * each));
      }),
    );
  });
});

test("weighted: new weights hold at once, whatever was owed under others", () => {
  const weight = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(weight, fc.integer({ min: 1, max: 5 })), { minLength: 2, maxLength: 5 }),
      fc.nat(1200),
      (both, before) => {
        const targets = both.map(([each], index) => target(`${index}`, { weight: each }));
        const chooser = balancer("weighted");
        tally(chooser, targets, before);
        for (const [index, each] of targets.entries()) each.weight = both[index]![1];
        const total = targets.reduce((sum, each) => sum + each.weight, 0);
        const counts = [...tally(chooser, targets, 4 * total).values()];
        for (const [index, each] of targets.entries()) expect(counts[index]!).toBeGreaterThanOrEqual(each.weight);
      },
    ),
  );
});

describe("least-connections", () => {
  test("takes the fewest for the weight", () => {
    const targets = [target("a", { active: 3 }), target("b", { active: 4, weight: 2 }), target("c", { active: 5 })];
    expect(names(balancer("least-connections"), targets, 1)).toBe("b");
  });

  test("keeps connections that stay in proportion to weights", () => {
    const targets = [target("a", { weight: 3 }), target("b")];
    const counts = tally(balancer("least-connections"), targets, 400, (one) => {
      one.active += 1;
    });
    expect(counts.get("a")).toBe(300);
  });

  test("takes turns among those that are equally busy", () => {
    const targets = ["a", "b", "c"].map((name) => target(name));
    expect(names(balancer("least-connections"), targets, 6)).toBe("abcabc");
    const busy = [target("a", { active: 4, weight: 2 }), target("b", { active: 2 }), target("c", { active: 3 })];
    expect(names(balancer("least-connections"), busy, 4)).toBe("abab");
  });
});

describe("random-two-choices", () => {
  test("keeps the busiest near the rest: far below what one choice gives", () => {
    const targets = Array.from({ length: 10 }, (_, index) => target(`${index}`));
    tally(balancer("random-two-choices"), targets, 10_000, (one) => {
      one.active += 1;
    });
    const busy = targets.map(({ active }) => active);
    expect(Math.max(...busy) - Math.min(...busy)).toBeLessThan(30); // with one choice: about 100
  });

  test("compares two different ones: of two targets always the less busy", () => {
    expect(names(balancer("random-two-choices"), [target("a", { active: 2 }), target("b")], 20)).toBe("b".repeat(20));
  });
});

describe("first", () => {
  test("stays with the first until it is out", () => {
    expect(names(balancer("first"), [target("a"), target("b")], 3)).toBe("aaa");
    expect(names(balancer("first"), [target("a", { isUp: false }), target("b")], 3)).toBe("bbb");
  });
});

describe("source-hash", () => {
  const clients = Array.from({ length: 3000 }, (_, index) => hashOf(`10.0.${index >> 8}.${index & 255}`));
  const places = (targets: readonly Fake[]) =>
    clients.map((each) => balancer("source-hash").choose(targets, asks(each))!.name);

  test("moves the clients of a target that is gone, and no other's", () => {
    const all = ["a", "b", "c", "d"].map((name) => target(name));
    const before = places(all);
    const after = places(all.filter(({ name }) => name !== "b"));
    before.forEach((name, index) => {
      if (name !== "b") expect(after[index]).toBe(name);
    });
    expect(new Set(after.filter((_, index) => before[index] === "b")).size).toBe(3);
  });

  test("spreads clients in proportion to weights", () => {
    const counts = places([target("a", { weight: 2 }), target("b"), target("c")]);
    const share = counts.filter((name) => name === "a").length / counts.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.04);
  });

  test("does not depend on the order of the list", () => {
    const targets = ["a", "b", "c"].map((name) => target(name));
    expect(places([...targets].reverse())).toEqual(places(targets));
  });
});

describe.each(BALANCES)("%s", (balance) => {
  const state = fc.record({
    weight: fc.integer({ min: 1, max: 9 }),
    active: fc.nat(50),
    draining: fc.boolean(),
    isUp: fc.boolean(),
    wasTried: fc.boolean(),
  });

  test("never chooses one that drains or was tried, and one that is out only when none is up", () => {
    fc.assert(
      fc.property(fc.array(state, { maxLength: 8 }), fc.nat(), (states, seed) => {
        const targets = states.map((each, index) => target(`${index}`, each));
        const tried = targets.filter((_, index) => states[index]!.wasTried);
        const possible = targets.filter((each) => !each.draining && !tried.includes(each));
        const chosen = balancer(balance, seed).choose(targets, asks(seed, tried));
        if (possible.length === 0) expect(chosen).toBeUndefined();
        else expect(possible).toContain(chosen!);
        if (possible.some(({ isUp }) => isUp)) expect(chosen!.isUp).toBe(true);
      }),
    );
  });

  test("finds every target when one after the other was tried", () => {
    const targets = ["a", "b", "c", "d"].map((name, index) => target(name, { isUp: index !== 2 }));
    const chooser = balancer(balance);
    const tried: Fake[] = [];
    while (tried.length < 4) tried.push(chooser.choose(targets, asks(7, tried))!);
    expect(new Set(tried).size).toBe(4);
    expect(tried.at(-1)?.name).toBe("c");
  });
});

test("bytes have the hash of their text", () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(bytes, (given) => {
      expect(hashOfBytes(given, 0, given.length)).toBe(hashOf(Buffer.from(given).toString("latin1")));
    }),
  );
});
