import { build, type Histogram } from "hdr-histogram-js";
import { addEncoded, type EncodedHistogram, encodeHistogram } from "./encoded-histogram.ts";

/** What is measured, each in a histogram of its own. */
export const LATENCIES = [
  "connect", // from the connect's start to the connection, TLS included
  "firstByte", // from there to the first byte that came
  "message", // from a message's planned moment to its answer: what a user would have waited
  "service", // from the moment it was really sent to its answer: what the server took
  "send", // from the planned moment to the moment it was sent: how exact this generator was
] as const;

/** Parts of a connect, which a protocol may tell apart. */
export const CONNECT_PHASES = [
  "lookup", // of the target's name, once for the whole run
  "tcp", // from the connect's start to the TCP connection
  "tls", // from there to the end of a full handshake
  "tlsResumed", // the same of one that resumed a session
  "upgrade", // from there to the answer of a WebSocket's opening handshake
] as const;

export type ConnectPhase = (typeof CONNECT_PHASES)[number];
/** What a protocol may measure beside messages: parts of a connect, and how long a WebSocket's pongs take. */
export type ProtocolLatency = ConnectPhase | "ping";
export type LatencyName = (typeof LATENCIES)[number] | ProtocolLatency;

/** Every name that a histogram may have. */
export const ALL_LATENCIES: readonly LatencyName[] = [...LATENCIES, ...CONNECT_PHASES, "ping"];

/** Of what never ended, such as a message without an answer: each counts as what it has waited. */
export interface AtLeast {
  readonly count: number;
  /** The shortest of these waits: a percentile is exact below it, and a lower bound from it on. */
  readonly fromUs: number;
}

/** Microseconds; all 0 where `count` is 0: nothing was measured. */
export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly count: number;
  /** Those of `count` that never ended; left out where all did. */
  readonly atLeast?: AtLeast;
  /** What `--latency-percentiles` asked for beside these, by name: `{"p99.5": 1200}`. */
  readonly more?: Readonly<Record<string, number>>;
}

/** Histograms that can be posted between threads. */
export interface EncodedLatencies {
  readonly histograms: Readonly<Partial<Record<LatencyName, EncodedHistogram>>>;
  readonly atLeast: Readonly<Record<LatencyName, AtLeast>>;
  readonly messageBuckets: Float64Array;
}

const NONE_OPEN: AtLeast = { count: 0, fromUs: Number.POSITIVE_INFINITY };

/** One hour: what takes longer is recorded as that. */
const HIGHEST_US = 3_600_000_000;

/**
 * Every latency of one event loop. Recording one value costs about 20 ns and no memory; a histogram takes 190 KB from its first
 * value on, however many it holds, and is exact to three digits (Tene, HdrHistogram) from 1 µs to 1 h.
 */
export class Latencies {
  /** How many messages took from 2^(i-1) to 2^i µs: the live view's histogram. */
  readonly messageBuckets = new Float64Array(33);
  readonly #histograms: Partial<Record<LatencyName, Histogram>> = {};
  #atLeast = forEachName<AtLeast>(() => NONE_OPEN);

  record(name: LatencyName, us: number): void {
    recordUs(this.histogram(name), us);
  }

  /** So many never ended, and have waited for so long. */
  recordAtLeast(name: LatencyName, us: number, count = 1): void {
    const value = inRange(us);
    this.histogram(name).recordValueWithCount(value, count);
    if (name === "message") this.messageBuckets[bucketOf(value)]! += count;
    this.#addAtLeast(name, { count, fromUs: value });
  }

  /** For hot code, which keeps it and calls `recordUs`. */
  histogram(name: LatencyName): Histogram {
    const made = this.#histograms[name] ?? emptyHistogram();
    this.#histograms[name] = made;
    return made;
  }

  count(name: LatencyName): number {
    return this.#histograms[name]?.totalCount ?? 0;
  }

  quantileUs(name: LatencyName, percent: number): number {
    const histogram = this.#histograms[name];
    // A bucket's upper end may lie above the largest value that fell into it.
    return histogram === undefined || histogram.totalCount === 0
      ? 0
      : Math.min(histogram.getValueAtPercentile(percent), histogram.maxValue);
  }

  add(other: Latencies): void {
    for (const name of ALL_LATENCIES) {
      if (other.count(name) > 0) this.histogram(name).add(other.histogram(name));
      this.#addAtLeast(name, other.#atLeast[name]);
    }
    for (const [index, count] of other.messageBuckets.entries()) this.messageBuckets[index]! += count;
  }

  /** A copy of these names; the others are empty in it. */
  copyOf(names: readonly LatencyName[]): Latencies {
    const copy = new Latencies();
    for (const name of names) {
      copy.histogram(name).add(this.histogram(name));
      copy.#atLeast[name] = this.#atLeast[name];
    }
    copy.messageBuckets.set(this.messageBuckets);
    return copy;
  }

  #addAtLeast(name: LatencyName, { count, fromUs }: AtLeast): void {
    const sum = this.#atLeast[name];
    this.#atLeast[name] = { count: sum.count + count, fromUs: Math.min(sum.fromUs, fromUs) };
  }

  /** @param names what to encode; the others arrive empty */
  encode(names: readonly LatencyName[] = ALL_LATENCIES): EncodedLatencies {
    const recorded = names.filter((name) => this.count(name) > 0);
    return {
      histograms: Object.fromEntries(recorded.map((name) => [name, encodeHistogram(this.histogram(name))])),
      atLeast: this.#atLeast,
      messageBuckets: this.messageBuckets,
    };
  }

  static decode(encoded: EncodedLatencies): Latencies {
    const decoded = new Latencies();
    for (const [name, histogram] of Object.entries(encoded.histograms)) {
      addEncoded(decoded.histogram(name as LatencyName), histogram);
    }
    decoded.#atLeast = { ...encoded.atLeast };
    decoded.messageBuckets.set(encoded.messageBuckets);
    return decoded;
  }

  /** @param percentiles wanted beside the usual ones, in percent: `[95, 99.5]` */
  summary(name: LatencyName, percentiles: readonly number[] = []): LatencySummary {
    const at = (percent: number) => this.quantileUs(name, percent);
    const atLeast = this.#atLeast[name];
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: this.count(name) === 0 ? 0 : this.histogram(name).maxValue,
      count: this.count(name),
      ...(atLeast.count > 0 ? { atLeast } : {}),
      ...(percentiles.length === 0
        ? {}
        : { more: Object.fromEntries(percentiles.map((percent) => [`p${percent}`, at(percent)])) }),
    };
  }
}

/** Records microseconds; what lies outside the range counts as its nearest end. */
export function recordUs(histogram: Histogram, us: number): void {
  histogram.recordValue(inRange(us));
}

function inRange(us: number): number {
  return us < 1 ? 1 : us > HIGHEST_US ? HIGHEST_US : Math.round(us);
}

function forEachName<Value>(make: () => Value): Record<LatencyName, Value> {
  return Object.fromEntries(ALL_LATENCIES.map((name) => [name, make()])) as Record<LatencyName, Value>;
}

/** Its place in `messageBuckets`. */
export function bucketOf(us: number): number {
  return 32 - Math.clz32(us);
}

/** Counts as doubles: 2^31 messages are six hours at 100 000 a second. */
export function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}
