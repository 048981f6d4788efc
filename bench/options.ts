import { parseArgs } from "node:util";
import { nearest, parseCount, TenkError } from "../src/base/mod.ts";

/** All benchmarks, in the order in which they run. */
export const BENCH_NAMES = [
  "tcp",
  "latency",
  "tls",
  "relay",
  "http",
  "publish",
  "lines",
  "watch",
  "dns",
  "dns-upstream",
  "load",
  "load-http",
] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

/** Not part of `all`: each takes as long as all others together. */
const LONG: readonly BenchName[] = ["http", "dns", "load", "load-http"];

export interface BenchOptions extends Amounts {
  readonly bench: BenchName;
  /** Messages per second on each connection. @default {10} */
  readonly perSecond: number;
  /** `tcp`: the sender wakes this often and sends what is due, in microseconds.
   * Not a whole millisecond: in step with the kernel's own tick, its split into user and system time would be biased.
   * @default {977} */
  readonly tickUs: number;
  /** Empty = all. @default {[]} */
  readonly only: readonly string[];
  /** Peer on processor 1, its counterpart on processor 0. @default {true} */
  readonly pin: boolean;
  readonly json: string | undefined;
  readonly markdown: boolean;
  /** Writes the result into bench/README.md. @default {false} */
  readonly readme: boolean;
}

/** Defaults of a benchmark: `USUAL` for a full run, `QUICK` for a smoke test. */
export interface Amounts {
  /** Connections open at the same time. */
  readonly connections: number;
  /** Bytes in a message. */
  readonly size: number;
  /** Measured time of one round, or of each of its parts. */
  readonly seconds: number;
  /** Unmeasured time under the same load before it, for just-in-time compilers. */
  readonly warmUpSeconds: number;
  /** Each round visits every peer once; every second round in reverse order. */
  readonly rounds: number;
}

const USUAL: Readonly<Record<BenchName, Amounts>> = {
  tcp: { connections: 10_000, size: 1, seconds: 3, warmUpSeconds: 5, rounds: 9 },
  latency: { connections: 1000, size: 64, seconds: 1, warmUpSeconds: 4, rounds: 15 },
  tls: { connections: 2000, size: 1, seconds: 2, warmUpSeconds: 2, rounds: 3 },
  relay: { connections: 64, size: 1, seconds: 2, warmUpSeconds: 2, rounds: 5 },
  // The size is that of the transfer through a slow peer, in MiB.
  http: { connections: 2000, size: 1024, seconds: 2, warmUpSeconds: 2, rounds: 3 },
  publish: { connections: 10_000, size: 64, seconds: 1, warmUpSeconds: 2, rounds: 5 },
  lines: { connections: 64, size: 32, seconds: 1, warmUpSeconds: 2, rounds: 3 },
  watch: { connections: 10_000, size: 1, seconds: 3, warmUpSeconds: 5, rounds: 7 },
  dns: { connections: 4, size: 1, seconds: 1, warmUpSeconds: 6, rounds: 3 },
  "dns-upstream": { connections: 50, size: 1, seconds: 2, warmUpSeconds: 3, rounds: 5 },
  load: { connections: 10_000, size: 1, seconds: 10, warmUpSeconds: 5, rounds: 3 },
  "load-http": { connections: 64, size: 100, seconds: 3, warmUpSeconds: 2, rounds: 3 },
};

const QUICK: Readonly<Record<BenchName, Partial<Amounts>>> = {
  tcp: { connections: 2000, seconds: 2, warmUpSeconds: 1, rounds: 2 },
  latency: { connections: 200, seconds: 1, warmUpSeconds: 1, rounds: 1 },
  tls: { connections: 200, seconds: 1, warmUpSeconds: 1, rounds: 1 },
  relay: { seconds: 1, warmUpSeconds: 1, rounds: 1 },
  http: { connections: 200, size: 64, seconds: 1, warmUpSeconds: 1, rounds: 1 },
  publish: { connections: 1000, warmUpSeconds: 1, rounds: 1 },
  lines: { seconds: 1, warmUpSeconds: 1, rounds: 1 },
  watch: { connections: 2000, seconds: 1, warmUpSeconds: 1, rounds: 1 },
  dns: { seconds: 1, warmUpSeconds: 3, rounds: 1 },
  "dns-upstream": { seconds: 1, warmUpSeconds: 1, rounds: 1 },
  load: { connections: 2000, seconds: 2, warmUpSeconds: 1, rounds: 1 },
  "load-http": { seconds: 1, warmUpSeconds: 1, rounds: 1 },
};

/** Fewer rounds of the longest benchmarks, so that all of them take at most a quarter of an hour. */
const IN_ALL: Partial<Record<BenchName, Partial<Amounts>>> = { tcp: { rounds: 5 }, lines: { rounds: 2 } };

export const HELP = `npm run bench NAME ... [-- OPTIONS]

  tcp      servers under one load: CPU per message, memory per connection, a burst of connects
  latency  echo at 10 %, 50 % and 90 % of what each server can do, and all at one rate: p50, p99, p99.9
  tls      handshakes per CPU second, memory per connection, CPU per MB
  relay    connections per CPU second and CPU per GB each way, beside HAProxy and nginx
  http     proxies of HTTP/1.1, TLS and HTTP/2: CPU per request, latency at a fixed rate, memory
  publish  a message to 10 000 subscribers: time until the last has it, CPU
  lines    lines from one connection and from many: CPU per million lines
  watch    what metrics cost: a sink in a box and alone, and a scrape with 10 000 connections open
  dns      DNS servers with block lists: CPU per answer, latency at 20 000/s, memory, start; by dnsperf and tenk load dns
  dns-upstream  queries to an upstream by UDP, TCP, TLS and HTTPS: CPU of the side that asks
  load     load generators against one server: CPU per message, memory for latency recording
  load-http  load generators for HTTP: CPU per request, and their percentiles of a server that stalls, beside the truth
  all      all but http, dns, load and load-http, in this order: about a quarter of an hour

  --quick            little of everything: shows that all runs, no figure to keep
  --only NAME,NAME   these peers alone
  --connections N    open at once; publish: subscribers; dns-upstream: queries in flight; relay: connections that carry bulk; lines: "many"
  --seconds N        of a round, or of each of its parts
  --rounds N         visits to each peer
  --rate N           tcp, load: messages per second and connection [10]
  --size N           tcp, load, latency: bytes in a message
  --tick-us N        tcp: how often the sender sends what is due [977]
  --warm-up N        seconds of load before the measured ones
  --no-pin           leave processors to the scheduler
  --json FILE        every round's figures; of several benchmarks FILE gets their names
  --markdown         the tables in Markdown
  --readme           the same, put into bench/README.md

Examples:
  npm run bench tcp -- --quick --only c-epoll,tenk
  npm run bench relay publish -- --rounds 9
  npm run bench all -- --readme`;

const WORDS = {
  quick: { type: "boolean" },
  only: { type: "string" },
  connections: { type: "string" },
  seconds: { type: "string" },
  rounds: { type: "string" },
  rate: { type: "string" },
  size: { type: "string" },
  "tick-us": { type: "string" },
  "warm-up": { type: "string" },
  "no-pin": { type: "boolean" },
  json: { type: "string" },
  markdown: { type: "boolean" },
  readme: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/**
 * Parses the arguments of `npm run bench` for each selected benchmark; `undefined` when help was requested. `names` are the
 * peers that `--only` may name: each benchmark gets those that it has.
 *
 * @throws {TenkError} `usage`
 */
export function parseOptions(
  words: readonly string[],
  names: Readonly<Record<BenchName, readonly string[]>>,
): BenchOptions[] | undefined {
  const { values, positionals } = parsed(words);
  if (values.help || words.length === 0) return undefined;
  const isAll = positionals.length === 1 && positionals[0] === "all";
  const wanted = isAll ? BENCH_NAMES.filter((name) => !LONG.includes(name)) : positionals.map(benchNamed);
  if (wanted.length === 0) throw new TenkError("usage", "Bench what?", { hint: "bench tcp, or bench all" });
  const only = chosen(values.only, [...new Set(wanted.flatMap((bench) => names[bench]))]);
  return wanted.flatMap((bench) => {
    const known = only.filter((name) => names[bench].includes(name));
    if (only.length > 0 && known.length === 0) return [];
    const usual = { ...USUAL[bench], ...(isAll ? IN_ALL[bench] : {}), ...(values.quick ? QUICK[bench] : {}) };
    const number = (name: "connections" | "seconds" | "rounds" | "rate" | "size" | "tick-us" | "warm-up", by: number) =>
      counted(`--${name}`, values[name] ?? String(by));
    return {
      bench,
      connections: number("connections", usual.connections),
      perSecond: number("rate", 10),
      size: number("size", usual.size),
      tickUs: number("tick-us", 977),
      seconds: number("seconds", usual.seconds),
      warmUpSeconds: number("warm-up", usual.warmUpSeconds),
      rounds: number("rounds", usual.rounds),
      only: known,
      pin: !values["no-pin"],
      json: values.json === undefined || wanted.length === 1 ? values.json : named(values.json, bench),
      markdown: values.markdown ?? false,
      readme: values.readme ?? false,
    };
  });
}

function benchNamed(word: string): BenchName {
  const bench = BENCH_NAMES.find((name) => name === word);
  if (bench !== undefined) return bench;
  const near = nearest(word, BENCH_NAMES);
  throw new TenkError("usage", `Cannot bench "${word}"`, {
    hint: near ? `did you mean ${near}?` : `there are ${BENCH_NAMES.join(", ")}, and all`,
  });
}

/** `out.json` → `out-relay.json` */
function named(file: string, bench: BenchName): string {
  return `${file.replace(/\.json$/, "")}-${bench}.json`;
}

/**
 * Returns the first option that npm swallowed, from npm's environment variables. `npm run bench tcp --quick` passes `--quick` to
 * npm, which at most warns: the run would not be the requested one.
 */
export function swallowedByNpm(environment: Record<string, string | undefined>): string | undefined {
  // npm has its own --json; the FILE would remain as an argument and be rejected.
  const names = Object.keys(WORDS).filter((name) => name !== "json" && name !== "help");
  const name = names.find((each) => environment[`npm_config_${each.replaceAll("-", "_")}`] !== undefined);
  return name && `--${name}`;
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: WORDS, allowPositionals: true });
  } catch (error) {
    throw new TenkError("usage", error instanceof Error ? error.message : String(error), { hint: "bench --help" });
  }
}

function counted(name: string, text: string): number {
  const value = parseCount(text);
  if (value >= 1) return value;
  throw new TenkError("usage", `${name}: expected at least 1, got "${text}"`);
}

function chosen(text: string | undefined, names: readonly string[]): string[] {
  const only = text?.split(",") ?? [];
  const unknown = only.find((name) => !names.includes(name));
  if (unknown === undefined) return only;
  const near = nearest(unknown, names);
  throw new TenkError(
    "usage",
    `--only: no peer "${unknown}"; there are ${names.join(", ")}`,
    near ? { hint: `did you mean ${near}?` } : {},
  );
}
