import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Health, type Outcome, type State } from "../../../src/probe/health/mod.ts";

const UP: Outcome = { result: "up", facts: { latencyMs: 1 } };
const DOWN: Outcome = { result: "down", facts: {}, reason: "connection refused" };
const SLOW: Outcome = { result: "degraded", facts: {}, reason: "slow" };
const STARTING: Outcome = { result: "starting", facts: {}, reason: "it loads its data" };
const RESTRICTED: Outcome = { result: "restricted", facts: {}, reason: "it wants a password" };
const CANNOT_LOOK: Outcome = { result: "unknown", facts: {}, reason: "the kernel permits no ping" };
const OUTCOMES = { U: UP, D: DOWN, S: SLOW, L: STARTING, R: RESTRICTED, X: CANNOT_LOOK };

/** Takes outcomes by their letters, each when it is due. @returns the states, and the times of probes in seconds */
function run(letters: string): { states: State[]; seconds: number[]; health: Health } {
  let nowMs = 0;
  const health = new Health({}, nowMs);
  const states: State[] = [];
  const seconds: number[] = [];
  for (const letter of letters) {
    seconds.push(nowMs / 1000);
    health.take(OUTCOMES[letter as keyof typeof OUTCOMES], nowMs);
    states.push(health.state);
    nowMs += health.nextMs();
  }
  return { states, seconds, health };
}

describe("a service", () => {
  test.each([
    ["U", ["up"], "at its first answer"],
    ["R", ["up"], "also if it lets us see no more"],
    ["DDD", ["pending", "pending", "down"], "after a failure that is seen three times"],
    ["UDDD", ["up", "up", "up", "down"], "after three failures"],
    ["UDDUDD", ["up", "up", "up", "up", "up", "up"], "up, if an answer comes between"],
    ["DDDU", ["pending", "pending", "down", "down"], "down, after one lucky answer"],
    ["DDDUU", ["pending", "pending", "down", "down", "up"], "up after two answers"],
    ["DDDUDU", ["pending", "pending", "down", "down", "down", "down"], "down, if they are not in a row"],
    ["USSS", ["up", "up", "up", "degraded"], "degraded after three slow answers"],
    ["USSSU", ["up", "up", "up", "degraded", "up"], "up again at once"],
    ["USDSD", ["up", "up", "up", "up", "up"], "up, while slow answers and failures alternate"],
    ["UL", ["up", "starting"], "starting at once"],
    ["ULUU", ["up", "starting", "starting", "up"], "up once it has started"],
    ["UDXUU", ["up", "up", "unknown", "unknown", "up"], "unknown at once when this machine cannot look"],
    ["LDDD", ["starting", "starting", "starting", "down"], "down when its start fails"],
  ] as const)("of %s is %j: %s", (letters, expected) => {
    expect(run(letters).states).toEqual([...expected]);
  });

  test("is asked again after 5 and 10 s before it is down, else every 30", () => {
    expect(run("UUDDDD").seconds).toEqual([0, 30, 60, 65, 75, 105]);
    expect(run("DDDUUU").seconds).toEqual([0, 5, 15, 45, 50, 80]);
  });

  test("that starts for longer than five minutes is down, with its reason", () => {
    const { health, states } = run("L".repeat(80));
    expect([health.state, health.reason, health.sinceMs]).toEqual(["down", "it loads its data", 315_000]);
    expect(states.filter((state, at) => state !== states[at - 1])).toEqual(["starting", "down"]);
  });

  test("keeps what it said of itself when it says nothing", () => {
    const health = new Health({}, 0);
    health.take({ result: "up", facts: { version: "7.0.15", role: "master" } }, 0);
    health.take({ result: "down", facts: {}, reason: "timeout" }, 1);
    expect(health.facts).toEqual({ version: "7.0.15", role: "master" });
  });
});

test("whatever comes, a state changes only to what was found in each of the last probes that it needs", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(..."UDSLR"), { maxLength: 60 }), (letters) => {
      const health = new Health({}, 0);
      let nowMs = 0;
      for (const [at, letter] of letters.entries()) {
        const change = health.take(OUTCOMES[letter as keyof typeof OUTCOMES], nowMs);
        nowMs += health.nextMs();
        expect(health.nextMs()).toBeLessThanOrEqual(30_000);
        if (change === undefined) continue;
        expect(change.from).not.toBe(change.to);
        const last = letters.slice(Math.max(0, at - 2), at + 1).join("");
        if (change.to === "down") expect(last).toMatch(/[DL]{3}$/);
        if (change.to === "up" && change.from === "down") expect(last).toMatch(/[UR]{2}$/);
        if (change.to === "degraded" && change.from === "up") expect(last).toBe("SSS");
      }
    }),
    { numRuns: 500 },
  );
});
