import { nearest, parseDuration, parseRate, TenkError } from "../../base/mod.ts";
import { linearShape, type Piece, type Shape, sineShape } from "./shape.ts";

/** What a specification leaves open. */
export interface ShapeDefaults {
  /** `-r`: the rate of `constant` and `poisson`, which need not name one. */
  ratePerSecond?: number;
  /** How long the sending phase lasts: what `ramp` and `steps` fill. */
  durationMs: number;
}

type Reader = (argument: string, spec: string, defaults: ShapeDefaults) => Shape;

const EXAMPLES: Readonly<Record<string, string>> = {
  constant: "constant:100",
  poisson: "poisson:100",
  ramp: "ramp:10..100 or ramp:10..100/20s",
  steps: "steps:10,20,50 or steps:10,20,50/10s",
  spike: "spike:10..500@30s+5s",
  sine: "sine:10..100/60s",
};

const READERS: Readonly<Record<string, Reader>> = {
  constant: (argument, spec, defaults) => steady(argument, spec, defaults, false),
  poisson: (argument, spec, defaults) => steady(argument, spec, defaults, true),
  ramp: readRamp,
  steps: readSteps,
  spike: readSpike,
  sine: readSine,
};

/**
 * Reads how the rate goes over time. Rates are per second, of each connection or of all, as the plan says.
 *
 * ```text
 *   constant        constant:100          the same all the time; without a number, that of -r
 *   poisson         poisson:100           the same on average, at random moments
 *   ramp:10..100    ramp:10..100/20s      in a straight line over the whole run, or over 20 s and then on at 100
 *   steps:10,20,50  steps:10,20,50/10s    each an equal part of the run, or 10 s each; the last one stays
 *   spike:10..500@30s+5s                  10, but 500 from second 30 on for 5 s
 *   sine:10..100/60s                      a wave that starts at 10 and comes back to it every 60 s
 * ```
 *
 * @throws {TenkError} `usage`
 * @example
 * parseShape("ramp:0..100", { durationMs: 10_000 }).expected(10_000); // 500
 */
export function parseShape(spec: string, defaults: ShapeDefaults): Shape {
  const [, name = "", argument = ""] = /^\s*([a-z]*)\s*:?(.*)$/is.exec(spec) ?? [];
  const read = READERS[name.toLowerCase()];
  if (read) return read(argument.replaceAll(" ", ""), spec.trim(), defaults);
  const meant = nearest(name, Object.keys(READERS));
  throw new TenkError("usage", `Unknown shape "${spec}": expected one of ${Object.keys(READERS).join(", ")}`, {
    hint: meant ? `did you mean ${EXAMPLES[meant]}?` : "for example ramp:10..100",
  });
}

function steady(argument: string, spec: string, defaults: ShapeDefaults, random: boolean): Shape {
  const rate = argument === "" ? defaults.ratePerSecond : rateOf(argument, spec);
  if (rate === undefined) {
    throw new TenkError("usage", `Shape "${spec}" has no rate`, {
      hint: `give -r, or write ${EXAMPLES[random ? "poisson" : "constant"]}`,
    });
  }
  return flat(spec, rate, random);
}

/** The same rate all the time. */
export function flat(spec: string, perSecond: number, randomGaps = false): Shape {
  return linearShape(spec, [{ fromMs: 0, startPerSecond: perSecond, endPerSecond: perSecond }], randomGaps);
}

function readRamp(argument: string, spec: string, defaults: ShapeDefaults): Shape {
  const [, from, to, over] = match(/^([^.]+(?:\.\d+)?)\.\.([^/]+)(?:\/(.+))?$/, argument, spec);
  const endPerSecond = rateOf(to, spec);
  const pieces: Piece[] = [
    { fromMs: 0, startPerSecond: rateOf(from, spec), endPerSecond },
    {
      fromMs: over === undefined ? defaults.durationMs : durationOf(over, spec),
      startPerSecond: endPerSecond,
      endPerSecond,
    },
  ];
  return linearShape(spec, pieces);
}

function readSteps(argument: string, spec: string, defaults: ShapeDefaults): Shape {
  const [, list = "", each] = match(/^([^/]+)(?:\/(.+))?$/, argument, spec);
  const rates = list.split(",").map((rate) => rateOf(rate, spec));
  const stepMs = each === undefined ? defaults.durationMs / rates.length : durationOf(each, spec);
  return linearShape(
    spec,
    rates.map((rate, index) => ({ fromMs: index * stepMs, startPerSecond: rate, endPerSecond: rate })),
  );
}

function readSpike(argument: string, spec: string): Shape {
  const [, base, peak, at = "", length] = match(/^([^@]+?)\.\.([^@]+)@([^+]+)\+(.+)$/, argument, spec);
  const [low, high] = [rateOf(base, spec), rateOf(peak, spec)];
  const startMs = /^0+$/.test(at) ? 0 : durationOf(at, spec, true);
  const pieces: Piece[] = [
    { fromMs: startMs, startPerSecond: high, endPerSecond: high },
    { fromMs: startMs + durationOf(length, spec), startPerSecond: low, endPerSecond: low },
  ];
  if (startMs > 0) pieces.unshift({ fromMs: 0, startPerSecond: low, endPerSecond: low });
  return linearShape(spec, pieces);
}

function readSine(argument: string, spec: string): Shape {
  const [, low, high, period] = match(/^([^/]+?)\.\.([^/]+)\/(.+)$/, argument, spec);
  const [lowRate, highRate] = [rateOf(low, spec), rateOf(high, spec)];
  if (highRate < lowRate || highRate === 0) return refuse(spec, "the second rate must be the higher one");
  return sineShape(spec, lowRate, highRate, durationOf(period, spec));
}

function match(pattern: RegExp, argument: string, spec: string): RegExpExecArray {
  return pattern.exec(argument) ?? refuse(spec, "its numbers cannot be read");
}

function rateOf(text: string | undefined, spec: string): number {
  try {
    return parseRate(text ?? "");
  } catch {
    return refuse(spec, `"${text}" is not a rate per second`);
  }
}

function durationOf(text: string | undefined, spec: string, zeroAllowed = false): number {
  try {
    const ms = parseDuration(text ?? "");
    if (ms > 0 || zeroAllowed) return ms;
  } catch {
    // Reported below, with the shape's own example.
  }
  return refuse(spec, `"${text}" is not a duration`);
}

function refuse(spec: string, why: string): never {
  const name = /^\s*([a-z]+)/i.exec(spec)?.[1]?.toLowerCase() ?? "";
  throw new TenkError("usage", `Cannot read shape "${spec}": ${why}`, { hint: `for example ${EXAMPLES[name]}` });
}
