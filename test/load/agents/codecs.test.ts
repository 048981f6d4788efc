import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Fields } from "../../../src/load/agents/check.ts";
import { ClockEstimate } from "../../../src/load/agents/clock.ts";
import { decodeFrame, encodeFrame } from "../../../src/load/agents/frame.ts";
import { readHistogram, writeHistogram } from "../../../src/load/agents/histogram.ts";
import { checkedKey, isProof, newKey, proof } from "../../../src/load/agents/proof.ts";
import { type AgentProgress, readState, writeState } from "../../../src/load/agents/state.ts";
import {
  addEncoded,
  emptyHistogram,
  encodeHistogram,
  Latencies,
  recordUs,
  Tally,
} from "../../../src/load/measure/mod.ts";

const OF_US = fc.integer({ min: 1, max: 3_600_000_000 });

describe("a frame", () => {
  test("holds what a plan holds: endless numbers, bytes, maps, keys that look like its marks", () => {
    const value = {
      rate: Number.POSITIVE_INFINITY,
      lost: Number.NEGATIVE_INFINITY,
      none: Number.NaN,
      files: new Map([["a.txt", Uint8Array.of(1, 2, 3)]]),
      $b: 7,
      nested: [{ $m: "x" }, null, true, "text"],
      ["__proto__"]: { polluted: true },
    };
    const decoded = decodeFrame(encodeFrame({ ...value, left: undefined })) as typeof value;
    expect(decoded).toEqual(value);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  });

  test("is the same after any plain value", () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 5 }).map((text): unknown => JSON.parse(text)),
        (value) => {
          expect(decodeFrame(encodeFrame(value)) as object).toEqual(value as object);
        },
      ),
    );
  });

  test("of anything else is refused with one kind of error", () => {
    const whole = encodeFrame({ kind: "state", bytes: Uint8Array.of(1, 2, 3), list: [1, 2] });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(), fc.nat(255), (noise, at, byte) => {
        const changed = new Uint8Array(whole);
        changed[at % changed.length] = byte;
        for (const frame of [noise, changed, whole.subarray(0, at % whole.length)]) {
          try {
            decodeFrame(frame);
          } catch (error) {
            expect(error).toMatchObject({ code: "request-failed" });
          }
        }
      }),
    );
    const deep = JSON.stringify(Array.from({ length: 100 }).reduce((inner) => [inner], null));
    const frame = new Uint8Array([0, 0, 0, deep.length, ...new TextEncoder().encode(deep)]);
    expect(() => decodeFrame(frame)).toThrow("nested too deeply");
  });
});

describe("a histogram", () => {
  test("has every value in its place after a journey, and the largest exactly", () => {
    fc.assert(
      fc.property(fc.array(OF_US, { minLength: 1, maxLength: 200 }), (values) => {
        const histogram = emptyHistogram();
        for (const us of values) recordUs(histogram, us);
        const arrived = emptyHistogram();
        addEncoded(arrived, readHistogram(writeHistogram(encodeHistogram(histogram)!)));
        const { min: _, ...places } = encodeHistogram(histogram)!;
        expect(encodeHistogram(arrived)!).toMatchObject(places);
      }),
    );
  });

  test("of random bytes is refused, or is one", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          addEncoded(emptyHistogram(), readHistogram(bytes));
        } catch (error) {
          expect(error).toMatchObject({ code: "request-failed" });
        }
      }),
    );
  });
});

describe("a state", () => {
  function made(): AgentProgress {
    const tally = Object.assign(new Tally(), { sent: 5, opened: 2, bytesSent: 20 });
    tally.countFailure("connect ECONNREFUSED");
    tally.byAddress = { "127.0.0.1": { connected: 2 } };
    tally.byProtocol = { "status 200": 5, "script __proto__x": 1 };
    const latencies = new Latencies();
    latencies.record("message", 1200);
    latencies.record("connect", 80);
    latencies.recordAtLeast("message", 5000, 3);
    const lag = emptyHistogram();
    recordUs(lag, 40);
    const cpu = { percent: 50, seconds: 1, sendMs: 2000 };
    const vitals = { cpu, cpuPercentNow: 40, idleCores: 1.5, rssBytes: 1e8, startLateUs: 120 };
    return { tally, latencies, lag, debt: 1, ...vitals, isDraining: true, endedBy: null, isLast: true };
  }
  const journey = (state: AgentProgress) => readState(decodeFrame(encodeFrame(writeState(state))) as Fields);

  test("arrives as it was, with every histogram in the last one and those of messages before", () => {
    const state = made();
    const { latencies, lag, tally, ...rest } = journey(state);
    expect({ ...tally }).toEqual({ ...state.tally });
    expect(latencies.summary("message")).toEqual(state.latencies.summary("message"));
    expect(latencies.summary("connect")).toEqual(state.latencies.summary("connect"));
    expect(lag.totalCount).toBe(1);
    expect(rest).toMatchObject({ debt: 1, startLateUs: 120, isLast: true, endedBy: null, idleCores: 1.5 });
    const before = journey({ ...state, isLast: false });
    expect([before.latencies.count("message"), before.latencies.count("connect")]).toEqual([4, 0]);
  });

  test("with any field spoilt is refused, and never half taken", () => {
    const whole = writeState(made());
    const spoilt = [-1, 1.5, "x", null, Number.NaN, 2 ** 60, [], { a: -1 }];
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(whole.tally as object)), fc.constantFrom(...spoilt), (name, value) => {
        const isCounts = name.startsWith("by") || name === "dropped";
        if (isCounts && Array.isArray(value)) return;
        const tally = { ...(whole.tally as object), [name]: value };
        expect(() => readState({ ...whole, tally })).toThrow("malformed frame");
      }),
    );
    expect(() => readState({ ...whole, endedBy: "agent-lost" })).toThrow("malformed frame");
    expect(() => readState({ ...whole, latencies: { histograms: {}, atLeast: {}, messageBuckets: [] } })).toThrow();
  });
});

describe("the clock of another machine", () => {
  test("is known to half of the shortest round trip, whichever way took longer", () => {
    const trip = fc.record({
      thereMs: fc.double({ min: 0, max: 50, noNaN: true }),
      backMs: fc.double({ min: 0, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(trip, { minLength: 1 }), fc.integer({ min: -1e9, max: 1e9 }), (trips, offsetMs) => {
        const clock = new ClockEstimate();
        let nowMs = 1000;
        for (const { thereMs, backMs } of trips) {
          const receivedMs = nowMs + thereMs + backMs;
          clock.take({ sentMs: nowMs, receivedMs, theirMs: nowMs + thereMs + offsetMs });
          nowMs = receivedMs + 1;
        }
        const error = Math.abs(clock.theirs(nowMs) - (nowMs + offsetMs));
        expect(error).toBeLessThanOrEqual(clock.boundMs(nowMs) + 1e-5);
      }),
    );
  });

  test("is known less well as time passes, so that a later round trip counts", () => {
    const clock = new ClockEstimate();
    expect(clock.boundMs(0)).toBe(Number.POSITIVE_INFINITY);
    clock.take({ sentMs: 0, receivedMs: 1, theirMs: 0.5 });
    expect(clock.boundMs(10_001)).toBeCloseTo(2.5);
    clock.take({ sentMs: 10_000, receivedMs: 10_004, theirMs: 10_003 });
    expect([clock.boundMs(10_004), clock.theirs(10_004)]).toEqual([2, 10_005]);
  });
});

describe("a key", () => {
  const nonces = { ofController: new Uint8Array(32).fill(1), ofAgent: new Uint8Array(32).fill(2) };

  test("proves each side for one certificate and one connection alone", () => {
    const key = newKey();
    const proved = proof(key, "agent", "AB:CD", nonces);
    expect(isProof(proof(key, "agent", "abcd", nonces), proved)).toBe(true);
    const others = [
      proof(key, "controller", "AB:CD", nonces),
      proof(key, "agent", "AB:CE", nonces),
      proof(newKey(), "agent", "AB:CD", nonces),
      proof(key, "agent", "AB:CD", { ...nonces, ofAgent: nonces.ofController }),
      new Uint8Array(3),
    ];
    expect(others.filter((other) => isProof(other, proved))).toEqual([]);
  });

  test("that can be guessed is refused; spaces around it do not count", () => {
    expect(checkedKey(" 0123456789abcdef\n", "a file")).toBe("0123456789abcdef");
    expect(() => checkedKey("short", "key.txt")).toThrow("key.txt has 5 characters: expected at least 16");
  });
});
