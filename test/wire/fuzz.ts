import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../src/base/mod.ts";
import type { Decoded } from "../../src/wire/mod.ts";

/** A generator of numbers that a seed fixes (mulberry32): a failure names the seed, and the seed gives it again. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Bytes that formats give a meaning to. */
const TELLING = Uint8Array.from([0, 1, 2, 3, 4, 5, 9, 10, 13, 32, 33, 45, 46, 48, 58, 97, 127, 128, 254, 255]);

/** A valid input, changed in a few places; joined with another; cut short; or bytes that mean nothing. */
export function mutated(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  if (random(16) === 0) return Uint8Array.from({ length: random(80) }, () => random(256));
  let bytes = new Uint8Array(seeds[random(seeds.length)]!);
  for (let count = random(4); count > 0; count--) bytes = changed(bytes, seeds, random);
  return bytes;
}

function changed(
  bytes: Uint8Array<ArrayBuffer>,
  seeds: readonly Uint8Array[],
  random: Random,
): Uint8Array<ArrayBuffer> {
  const at = random(bytes.length + 1);
  const byte = random(3) === 0 ? random(256) : TELLING[random(TELLING.length)]!;
  switch (random(8)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: // something is missing
      return new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(4))]));
    case 2: // something is there more often
      return new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - random(40)))]));
    case 3:
      return new Uint8Array(Buffer.concat([bytes.subarray(0, at), seeds[random(seeds.length)]!.subarray(random(20))]));
    case 4: // something was put in, now and then a lot of it
      return new Uint8Array(
        Buffer.concat([
          bytes.subarray(0, at),
          Buffer.alloc(random(500) === 0 ? random(70_000) : 1 + random(4), byte),
          bytes.subarray(at),
        ]),
      );
    case 5:
      if (at < bytes.length) bytes[at]! ^= 1 << random(8);
      return bytes;
    default:
      if (at < bytes.length) bytes[at] = byte;
      return bytes;
  }
}

/** How long each parser is fuzzed in the suite; `TENK_FUZZ=5000000` runs so many inputs instead. */
const SUITE_MS = 700;

/**
 * Gives `attempt` one input after the other until the time or the number is over. A failure names the seed and the input.
 *
 * @returns how many inputs there were, and the slowest one's milliseconds (for a report; never a bar)
 */
export function fuzz(seeds: readonly Uint8Array[], attempt: (bytes: Uint8Array, random: Random) => void) {
  const seed = Number(process.env.TENK_FUZZ_SEED ?? Date.now() % 2 ** 32);
  const wanted = Number(process.env.TENK_FUZZ ?? Number.POSITIVE_INFINITY);
  const random = randomFrom(seed);
  const startedMs = performance.now();
  let slowestMs = 0;
  let inputs = 0;
  let lastMs = startedMs;
  while (inputs < wanted && (wanted !== Number.POSITIVE_INFINITY || lastMs - startedMs < SUITE_MS)) {
    const bytes = mutated(seeds, random);
    inputs += 1;
    const fromMs = performance.now();
    try {
      attempt(bytes, random);
      lastMs = performance.now();
      if (lastMs - fromMs > slowestMs) {
        // Draws from its own random numbers: the time must not change the values of the seed.
        const aloneMs = leastMs(() => attempt(bytes, randomFrom(inputs)));
        slowestMs = Math.max(slowestMs, aloneMs);
      }
    } catch (error) {
      const digits = Buffer.from(bytes.subarray(0, 2000)).toString("hex");
      const what = `input ${inputs} of TENK_FUZZ_SEED=${seed}, ${bytes.length} bytes ${digits}: ${messageOf(error)}`;
      throw new Error(what, { cause: error });
    }
  }
  return { inputs, slowestMs };
}

/** Returns the minimum of a few times, without disturbance by the collector or other processes. */
function leastMs(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 5; count++) {
    const fromMs = performance.now();
    work();
    least = Math.min(least, performance.now() - fromMs);
  }
  return least;
}

export interface Expected<Value> {
  /** From so many bytes on, there is a verdict: nothing is waited for without end. */
  maxBytes: number;
  /** Checks a property of every value, and throws if it is violated. */
  holds?: (value: Value) => void;
}

/** Requirements of every decoder for any input: no throw, a bound, and a result that does not depend on later bytes. */
export function holdDecoder<Value, Reason extends string>(
  decode: (bytes: Uint8Array) => Decoded<Value, Reason>,
  bytes: Uint8Array,
  random: Random,
  expected: Expected<Value>,
): void {
  const whole = decode(bytes);
  const prefix = decode(bytes.subarray(0, random(bytes.length + 1)));
  if (whole.state === "incomplete" && bytes.length >= expected.maxBytes) throw new Error("waits beyond its limit");
  if (prefix.state !== "incomplete" && !isDeepStrictEqual(prefix, whole)) throw new Error("took a verdict back");
  if (whole.state !== "value") return;
  const { length, value } = whole;
  if (length < 1 || length > bytes.length || length > expected.maxBytes) throw new Error(`a length of ${length}`);
  if (random(8) === 0) {
    if (!isDeepStrictEqual(decode(bytes.subarray(0, length)), whole)) throw new Error("looked behind its end");
    if (decode(bytes.subarray(0, length - 1)).state === "value") throw new Error("did without its last byte");
  }
  expected.holds?.(value);
}
