/**
 * What a decoder made of the bytes that came so far. Bytes of a stranger never throw: they lack an end, are refused with
 * a reason out of a closed set, or are a value.
 */
export type Decoded<Value, Reason extends string> = Incomplete | Refused<Reason> | Complete<Value>;

/** More bytes are needed. Every decoder has a limit, so this is not the answer for ever. */
export interface Incomplete {
  readonly state: "incomplete";
}

export interface Refused<Reason extends string> {
  readonly state: "refused";
  readonly reason: Reason;
  /** What the peer said, safe to print: one line, no control characters. */
  readonly detail?: string;
}

export interface Complete<Value> {
  readonly state: "value";
  readonly value: Value;
  /** Bytes that it took. What lies behind them is the next thing's. */
  readonly length: number;
}

/** One for all: it says nothing else. */
export const INCOMPLETE: Incomplete = { state: "incomplete" };

export function refused<Reason extends string>(reason: Reason, detail?: string): Refused<Reason> {
  return detail === undefined ? { state: "refused", reason } : { state: "refused", reason, detail };
}

export function complete<Value>(value: Value, length: number): Complete<Value> {
  return { state: "value", value, length };
}
