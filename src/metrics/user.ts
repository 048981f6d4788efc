import {
  AggregatorRegistry,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from "prom-client";
import { TenkError } from "../base/mod.ts";

/** Counts up. `inc` is one addition to a plain field: fit for every packet. */
export interface Counter {
  readonly value: number;
  /** @param by not below 0 @default {1} */
  inc(by?: number): void;
}

/** Goes up and down. Over several workers its values are added. What is no number is not told. */
export interface Gauge {
  value: number;
  inc(by?: number): void;
  dec(by?: number): void;
  set(value: number): void;
}

/** Counts values by size: how long, how large. An observation costs a short walk over the buckets. */
export interface Histogram {
  observe(value: number): void;
}

/** One metric for each set of label values. Keep what `with` gives: looking it up costs, using it does not. */
export interface Labelled<Kind, Label extends string> {
  with(values: Readonly<Record<Label, string>>): Kind;
}

export interface HistogramOptions {
  /** Upper bounds, ascending. @default prom-client's: 5 ms to 10 s, in seconds */
  readonly buckets?: readonly number[];
}

/** Label sets one metric may have; what comes after them is counted under the value `other`. */
const MAX_LABEL_SETS = 1000;
/** Names of ours, and of what Prometheus users know by them. */
const RESERVED = /^(tenk|process|node|go|up|scrape)(_|$)/;
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const registry = new Registry();
const families = new Map<string, Family<unknown>>();

/**
 * A counter of your own: it shows in `/metrics`, and is added up over workers. Made once, where the module is loaded; a
 * second call with the same words gives the same counter, so that a file that is loaded again goes on counting.
 *
 * @param name as Prometheus users expect it, with its unit: `packets_received_total`
 * @throws {TenkError} `invalid-option` for a name that cannot be, is tenk's own, or is something else already
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
    name,
    help,
    "counter",
    labels,
    () => new PlainCounter(),
    (family) => {
      new PromCounter({
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
 * A gauge of your own, like {@link counter}.
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
    name,
    help,
    "gauge",
    labels,
    () => new PlainGauge(),
    (family) => {
      new PromGauge({
        ...family.promOptions,
        collect() {
          this.reset();
          if (labels.length === 0) this.remove();
          // A field can be given anything: one value that is no number must not take the others with it.
          for (const [values, { value }] of family.members()) if (typeof value === "number") this.set(values, value);
        },
      });
    },
  ).handle();
}

/**
 * A histogram of your own, like {@link counter}.
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
  { buckets = DEFAULT_BUCKETS }: HistogramOptions = {},
  labels: readonly string[] = [],
): Histogram | Labelled<Histogram, string> {
  const isAscending = buckets.every(
    (bound, at) => Number.isFinite(bound) && !(bound <= (buckets[at - 1] ?? -Infinity)),
  );
  if (!isAscending) throw wrongName(name, "its buckets must be numbers, each larger than the one before");
  let prom: PromHistogram | undefined;
  const family = familyOf<Histogram>(
    name,
    help,
    "histogram",
    labels,
    (values) => ({ observe: (value) => prom?.observe(values, value) }),
    (made) => {
      prom = new PromHistogram({ ...made.promOptions, buckets: [...buckets] });
    },
  );
  prom ??= registry.getSingleMetric(name) as PromHistogram;
  return family.handle();
}

/** All of this event loop's, as plain data that can travel between threads. */
export function readUserMetrics(): Promise<unknown[]> {
  return registry.getMetricsAsJSON();
}

/** What several event loops read, added up: a registry for exposition. */
export function addUserMetrics(ofLoops: readonly unknown[][]): Registry {
  return AggregatorRegistry.aggregate(ofLoops as never);
}

class PlainCounter implements Counter {
  value = 0;
  inc(by = 1): void {
    if (Number.isFinite(by) && by >= 0) this.value += by;
    else throw new TenkError("invalid-option", `Cannot count by ${by} as a counter only goes up: use a gauge`);
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

/** A metric with all its label sets. */
class Family<Kind> {
  readonly type: string;
  readonly labels: readonly string[];
  readonly promOptions: { name: string; help: string; labelNames: string[]; registers: Registry[] };
  readonly #make: (values: Record<string, string>) => Kind;
  readonly #members = new Map<string, [Record<string, string>, Kind]>();

  constructor(
    name: string,
    help: string,
    type: string,
    labels: readonly string[],
    make: (values: Record<string, string>) => Kind,
  ) {
    this.type = type;
    this.labels = labels;
    this.promOptions = { name, help, labelNames: [...labels], registers: [registry] };
    this.#make = make;
  }

  members(): Iterable<[Record<string, string>, Kind]> {
    return this.#members.values();
  }

  handle(): Kind & Labelled<Kind, string> {
    const one =
      this.labels.length === 0 ? this.#member({}) : { with: (values: Record<string, string>) => this.#with(values) };
    return one as Kind & Labelled<Kind, string>;
  }

  #with(given: Readonly<Record<string, string>>): Kind {
    const values = Object.fromEntries(this.labels.map((label) => [label, String(given[label] ?? "")]));
    const isFull = this.#members.size >= MAX_LABEL_SETS && !this.#members.has(JSON.stringify(values));
    return this.#member(isFull ? Object.fromEntries(this.labels.map((label) => [label, "other"])) : values);
  }

  #member(values: Record<string, string>): Kind {
    const key = JSON.stringify(values);
    let member = this.#members.get(key);
    if (member === undefined) {
      member = [values, this.#make(values)];
      this.#members.set(key, member);
    }
    return member[1];
  }
}

function familyOf<Kind>(
  name: string,
  help: string,
  type: string,
  labels: readonly string[],
  make: (values: Record<string, string>) => Kind,
  register: (family: Family<Kind>) => void,
): Family<Kind> {
  const known = families.get(name);
  if (known !== undefined) {
    if (known.type === type && known.labels.join() === labels.join()) return known as Family<Kind>;
    throw wrongName(name, `it is a ${known.type} with labels [${known.labels.join(", ")}] already`);
  }
  if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/.test(name)) throw wrongName(name, "it must be a-z, 0-9 and _, a letter first");
  if (RESERVED.test(name)) throw wrongName(name, "names with this beginning are not yours");
  for (const label of labels) if (!isLabel(label)) throw wrongName(name, `"${label}" cannot be the name of a label`);
  const family = new Family(name, help, type, labels, make);
  register(family);
  families.set(name, family as Family<unknown>);
  return family;
}

/** Those that begin with two underscores are Prometheus's own; `le` and `quantile` say what a value of a family is. */
function isLabel(name: string): boolean {
  return /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,199}$/.test(name) && name !== "le" && name !== "quantile";
}

function wrongName(name: string, why: string): TenkError {
  return new TenkError("invalid-option", `Cannot make the metric "${name.slice(0, 200)}": ${why}`, {
    hint: "a good name has its subject first and its unit last: chat_messages_total, line_bytes",
  });
}
