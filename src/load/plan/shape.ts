/**
 * How a rate goes over time, as a function that is cumulative (how many messages are expected until t) and its inverse
 * (when the n-th is expected). Pure: time is an argument, in milliseconds from the start of the sending phase.
 *
 * Before 0, while connections still open, the rate is that of time 0, so both functions go on below 0 in a straight line.
 */
export interface Shape {
  /** As it was written: `ramp:10..100`. */
  readonly spec: string;
  /** The highest rate it reaches, per second. */
  readonly peakPerSecond: number;
  /** Gaps between messages are random (a Poisson process with this rate), not even. */
  readonly randomGaps: boolean;
  ratePerSecond(ms: number): number;
  /** Messages expected from 0 to `ms`. Never falls. */
  expected(ms: number): number;
  /** The first moment at which so many are expected; Infinity where that never happens. */
  timeOf(expected: number): number;
}

/** From `fromMs` on the rate goes in a straight line; the last piece never ends and is flat. */
export interface Piece {
  readonly fromMs: number;
  readonly startPerSecond: number;
  readonly endPerSecond: number;
}

/**
 * A shape made of straight lines.
 *
 * @example
 * linearShape("constant:10", [{ fromMs: 0, startPerSecond: 10, endPerSecond: 10 }]).expected(500); // 5
 */
export function linearShape(spec: string, pieces: readonly Piece[], randomGaps = false): Shape {
  const starts = [0];
  for (let index = 0; index + 1 < pieces.length; index++) {
    const piece = pieces[index]!;
    const lengthMs = pieces[index + 1]!.fromMs - piece.fromMs;
    starts.push(starts[index]! + (lengthMs / 2000) * (piece.startPerSecond + piece.endPerSecond));
  }
  const lengthOf = (index: number) => (pieces[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY) - pieces[index]!.fromMs;
  const indexAt = (ms: number) => lastWhere(pieces.length, (index) => pieces[index]!.fromMs <= ms);

  return {
    spec,
    randomGaps,
    peakPerSecond: Math.max(...pieces.flatMap((piece) => [piece.startPerSecond, piece.endPerSecond])),
    ratePerSecond(ms) {
      const index = indexAt(ms);
      const piece = pieces[index]!;
      const share = ms <= 0 ? 0 : (ms - piece.fromMs) / lengthOf(index);
      return piece.startPerSecond + (piece.endPerSecond - piece.startPerSecond) * share;
    },
    expected(ms) {
      if (ms <= 0) return (ms * pieces[0]!.startPerSecond) / 1000;
      const index = indexAt(ms);
      const passedMs = ms - pieces[index]!.fromMs;
      return starts[index]! + (passedMs / 2000) * (pieces[index]!.startPerSecond + this.ratePerSecond(ms));
    },
    timeOf(expected) {
      if (expected <= 0) return divide(expected * 1000, pieces[0]!.startPerSecond);
      // The last piece that starts below `expected`: at a rate of 0 the count stands still, and the first moment counts.
      const index = lastWhere(pieces.length, (candidate) => starts[candidate]! < expected);
      const piece = pieces[index]!;
      return piece.fromMs + timeWithin(piece, lengthOf(index), expected - starts[index]!);
    },
  };
}

/** Solves `missing = a·t + slope·t²/2` for t; the form that stays exact when the slope is near 0. */
function timeWithin(piece: Piece, lengthMs: number, missing: number): number {
  const startPerMs = piece.startPerSecond / 1000;
  const slope = Number.isFinite(lengthMs) ? (piece.endPerSecond - piece.startPerSecond) / 1000 / lengthMs : 0;
  const root = Math.sqrt(Math.max(0, startPerMs * startPerMs + 2 * slope * missing));
  return Math.min(lengthMs, divide(2 * missing, startPerMs + root));
}

/** `count / rate`, where nothing divided by nothing is nothing. */
function divide(count: number, rate: number): number {
  return count === 0 ? 0 : count / rate;
}

/** The last index below `length` that holds; 0 if none does. Holds for a first part and not for the rest. */
function lastWhere(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A wave between two rates, which starts at the lower one. */
export function sineShape(spec: string, lowPerSecond: number, highPerSecond: number, periodMs: number): Shape {
  const mean = (lowPerSecond + highPerSecond) / 2;
  const swing = (highPerSecond - lowPerSecond) / 2;
  const perMs = (2 * Math.PI) / periodMs;
  const perPeriod = (mean * periodMs) / 1000;
  const expected = (ms: number) =>
    ms <= 0 ? (ms * lowPerSecond) / 1000 : (lowPerSecond * ms + (swing / perMs) * minusSine(perMs * ms)) / 1000;

  return {
    spec,
    randomGaps: false,
    peakPerSecond: highPerSecond,
    ratePerSecond: (ms) => (ms <= 0 ? lowPerSecond : mean - swing * Math.cos(perMs * ms)),
    expected,
    timeOf(count) {
      if (count <= 0) return divide(count * 1000, lowPerSecond);
      // No closed form: bisection within the period that holds it, to less than a nanosecond.
      let low = Math.floor(count / perPeriod) * periodMs;
      let high = low + periodMs;
      while (high - low > 1e-7 && low + (high - low) / 2 > low) {
        const middle = low + (high - low) / 2;
        if (expected(middle) < count) low = middle;
        else high = middle;
      }
      return high;
    },
  };
}

/**
 * `x − sin x`, not less than 0 and not falling from 0 on. Near 0 the two are almost the same number and their difference would
 * be rounding alone, sometimes negative: there its own series is taken, `x³/3! − x⁵/5! + …`, exact to the last places below ½.
 */
function minusSine(x: number): number {
  if (x >= 0.5) return x - Math.sin(x);
  const square = x * x;
  return ((x * square) / 6) * (1 - (square / 20) * (1 - (square / 42) * (1 - (square / 72) * (1 - square / 110))));
}
