import { expect, test } from "bun:test";
import { isDeepStrictEqual } from "node:util";
import { fuzz, type Random } from "./fuzz.ts";

/** Result of a plain reader: a value and its length, a refusal, or incomplete. */
export type Plain = { value: unknown; length: number } | "refused" | "incomplete";

export function told(decoded: { state: string; value?: unknown; length?: number }): Plain {
  if (decoded.state === "value") return { value: decoded.value, length: decoded.length! };
  return decoded.state === "refused" ? "refused" : "incomplete";
}

/** A decoder may refuse earlier than a plain reader, which waits for the end: only decided results are compared. */
export function agree(
  name: string,
  seeds: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => Plain,
  plain: typeof decode,
) {
  run(name, seeds, (bytes) => {
    const [one, other] = [decode(bytes), plain(bytes)];
    if (other === "incomplete" ? typeof one === "object" : !isDeepStrictEqual(one, other)) {
      throw new Error(`it says ${JSON.stringify(one)}, plainly it is ${JSON.stringify(other)}`);
    }
  });
}

export function run(
  name: string,
  seeds: readonly Uint8Array[],
  attempt: (bytes: Uint8Array, random: Random) => void,
): void {
  test(name, () => {
    const { inputs } = fuzz(seeds, attempt);
    if (process.env.TENK_FUZZ) console.log(`${name}: ${inputs} inputs`);
    expect(inputs).toBeGreaterThan(100);
  }, 3_600_000);
}

export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
