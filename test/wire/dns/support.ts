/** Names and messages for the tests of DNS. */
import fc from "fast-check";
import { latin1 } from "../support.ts";

/** Labels, of which each character is a byte, as a name on the wire. */
export function wireOf(labels: readonly string[]): Uint8Array {
  return latin1([...labels, ""].map((label) => String.fromCharCode(label.length) + label).join(""));
}

/** The labels of a name on the wire. */
export function labelsOf(bytes: Uint8Array, at = 0): string[] {
  const labels = [];
  for (; bytes[at] !== 0; at += bytes[at]! + 1) {
    labels.push(Buffer.from(bytes.subarray(at + 1, at + 1 + bytes[at]!)).toString("latin1"));
  }
  return labels;
}

const byte = fc.oneof(fc.constantFrom(...latin1('aAzZ09-_.\\"; @\0\xff[{')), fc.integer({ min: 0, max: 255 }));
const label = fc.oneof(
  fc.array(byte, { minLength: 1, maxLength: 10 }).map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom("a", "B", "www", "x".repeat(63)),
);

/** Labels that fit into a name, often few and odd. */
export const anyName = fc.array(label, { maxLength: 5 }).filter((labels) => labels.join(".").length < 254);
