/**
 * Result of decoding the bytes received so far. Untrusted bytes never make a decoder throw: they are incomplete, refused with
 * one of a closed set of reasons, or a value.
 */
export type Decoded<Value, Reason extends string> = Incomplete | Refused<Reason> | Complete<Value>;

/** More bytes are needed. Every decoder has a limit, so this result does not repeat for ever. */
export interface Incomplete {
  readonly state: "incomplete";
}

export interface Refused<Reason extends string> {
  readonly state: "refused";
  readonly reason: Reason;
  /** The peer's message, safe to print: one line, no control characters. */
  readonly detail?: string;
}

export interface Complete<Value> {
  readonly state: "value";
  readonly value: Value;
  /** Bytes consumed. The bytes behind them belong to the next message. */
  readonly length: number;
}

/** Shared, since it has no other content. */
export const INCOMPLETE: Incomplete = { state: "incomplete" };

export function refused<Reason extends string>(reason: Reason, detail?: string): Refused<Reason> {
  return detail === undefined ? { state: "refused", reason } : { state: "refused", reason, detail };
}

export function complete<Value>(value: Value, length: number): Complete<Value> {
  return { state: "value", value, length };
}
