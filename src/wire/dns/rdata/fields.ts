import { skipName } from "../compressed-name.ts";
import { FIXED_BYTES } from "./check.ts";
import { Field } from "./layout.ts";

/** Returns the offset after a field of sound data that end at `to`. */
export function endOfField(field: Field, bytes: Uint8Array, at: number, to: number): number {
  if (field === Field.name) return skipName(bytes, at);
  const fixed = FIXED_BYTES[field];
  if (fixed !== undefined) return at + fixed;
  return field >= Field.strings ? to : at + 1 + bytes[at]!;
}
