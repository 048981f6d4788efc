import {
  AggregatorRegistry,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  type Registry,
} from "prom-client";
import { TenkError } from "../base/mod.ts";
import { refused, shown } from "./user-definition.ts";
import { familyOf, type Labelled, registry } from "./user-family.ts";

/** Counts up. `inc` is one addition to a plain field, cheap enough for every packet. */
export interface Counter {
  readonly value: number;
  /** @param by not below 0 @default {1} */
  inc(by?: number): void;
}

/** Goes up and down. The values of several workers are added. A value that is not a number is not reported. */
export interface Gauge {
  value: number;
  inc(by?: number): void;
  dec(by?: number): void;
  set(value: number): void;
}

/** Counts values by size, such as durations or lengths. An observation costs a search of the buckets. */
export interface Histogram {
  observe(value: number): void;
}

export interface HistogramOptions {
  /** Upper bounds, ascending. @default prom-client's: 5 ms to 10 s, in seconds */
  readonly buckets?: readonly number[];
}

const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Creates a counter of your own: it shows in `/metrics`, summed over workers. Create it once, where the module is loaded. A
 * second call with the same arguments returns the same counter, so that a file that is loaded again goes on counting. A file
 * that is loaded again may also change the arguments: the counter then restarts from zero.
 *
 * @param name in Prometheus's style, with its unit: `packets_received_total`
 * @throws {TenkError} `invalid-option` for an invalid or reserved name, or one that is in use with other arguments
 * @example
 * const packets = counter("example_packets_total", "Packets received.");
 * packets.inc();
 * packets.inc(2);
 * packets.value; // 3
 */
export function counter(name: string, help: string): Counter;
export function counter<Label extends string>(
  name: string,
  help: string,
  labels: readonly Label[],
): Labelled<Counter, Label>;
export function counter(
  name: string,
  help: string,
  labels: readonly string[] = [],
): Counter | Labelled<Counter, string> {
  return familyOf(
    { name, help, type: "counter", labels },
    () => new PlainCounter(),
    (family) => {
      family.prom = new PromCounter({
        ...family.promOptions,
        collect() {
          this.reset();
          for (const [values, each] of family.members()) this.inc(values, each.value);
        },
      });
    },
  ).handle();
}

/**
 * Creates a gauge of your own, like {@link counter}.
 *
 * @example
 * const rooms = gauge("example_rooms", "Rooms that are open.");
 * rooms.set(5);
 * rooms.dec();
 * rooms.value; // 4
 */
export function gauge(name: string, help: string): Gauge;
export function gauge<Label extends string>(
  name: string,
  help: string,
  labels: readonly Label[],
): Labelled<Gauge, Label>;
export function gauge(name: string, help: string, labels: readonly string[] = []): Gauge | Labelled<Gauge, string> {
  return familyOf(
    { name, help, type: "gauge", labels },
    () => new PlainGauge(),
    (family) => {
      family.prom = new PromGauge({
        ...family.promOptions,
        collect() {
          this.reset();
          if (labels.length === 0) this.remove();
          // Users can assign anything to a field: one value that is not a number must not make the others fail.
          for (const [values, { value }] of family.members()) if (typeof value === "number") this.set(values, value);
        },
      });
    },
  ).handle();
}

/**
 * Creates a histogram of your own, like {@link counter}.
 *
 * @example
 * const sizes = histogram("example_line_bytes", "Length of lines.", { buckets: [16, 64, 256] });
 * sizes.observe(20);
 */
export function histogram(name: string, help: string, options?: HistogramOptions): Histogram;
export function histogram<Label extends string>(
  name: string,
  help: string,
  options: HistogramOptions,
  labels: readonly Label[],
): Labelled<Histogram, Label>;
export function histogram(
  name: string,
  help: string,
  options: HistogramOptions = {},
  labels: readonly string[] = [],
): Histogram | Labelled<Histogram, string> {
  const isSection = typeof options === "object" && options !== null && !Array.isArray(options);
  if (!isSection)
    throw refused(
      name,
      `options: expected { buckets }, found ${shown(options)}`,
      'histogram("name", "Help.", { buckets: [16, 64] }, ["label"])',
    );
  const { buckets = DEFAULT_BUCKETS } = options;
  const isAscending =
    Array.isArray(buckets) &&
    buckets.every((bound, at) => Number.isFinite(bound) && !(bound <= (buckets[at - 1] ?? -Infinity)));
  if (!isAscending)
    throw refused(
      name,
      "its buckets must be numbers, each larger than the one before",
      "for sizes: [16, 64, 256, 1024]",
    );
  let prom: PromHistogram | undefined;
  return familyOf<Histogram>(
    { name, help, type: "histogram", labels, detail: buckets.join() },
    (values) => ({ observe: (value) => prom?.observe(values, value) }),
    (family) => {
      prom = new PromHistogram({ ...family.promOptions, buckets: [...buckets] });
      family.prom = prom;
    },
  ).handle();
}

/** Returns all user metrics of this event loop, as plain data that can be sent between threads. */
export function readUserMetrics(): Promise<unknown[]> {
  return registry.getMetricsAsJSON();
}

/** Sums what several event loops read. */
export function addUserMetrics(ofLoops: readonly unknown[][]): Registry {
  return AggregatorRegistry.aggregate(ofLoops as never);
}

class PlainCounter implements Counter {
  value = 0;
  inc(by = 1): void {
    if (Number.isFinite(by) && by >= 0) this.value += by;
    else throw notCountable(by);
  }
}

class PlainGauge implements Gauge {
  value = 0;
  inc(by = 1): void {
    this.value += by;
  }
  dec(by = 1): void {
    this.value -= by;
  }
  set(value: number): void {
    this.value = value;
  }
}

function notCountable(by: unknown): TenkError {
  const why = typeof by === "number" && by < 0 ? "as a counter only goes up" : "as it is no finite number";
  const hint = "count by 0 or more; what goes down as well is a gauge";
  return new TenkError("invalid-option", `Cannot count by ${typeof by === "string" ? `"${by}"` : by} ${why}`, { hint });
}
