import { parseArgs } from "node:util";
import { nearest, parseCount, TenkError } from "../src/base/mod.ts";

export interface BenchOptions {
  readonly bench: "tcp" | "load";
  /** Open at once. @default {10000} */
  readonly connections: number;
  /** Messages per second on each connection. @default {10} */
  readonly perSecond: number;
  /** Bytes in a message. @default {1} */
  readonly size: number;
  /** `tcp`: the sender wakes this often and sends what is due, in microseconds.
   * Not a whole millisecond: in step with the kernel's own tick, its split into user and system time would be biased.
   * @default {977} */
  readonly tickUs: number;
  /** The measured stretch of one round. @default {3} for tcp, {10} for load */
  readonly seconds: number;
  /** The same load before it, not measured: just-in-time compilers settle. @default {5} */
  readonly warmUpSeconds: number;
  /** Each round visits every peer once, in turn, every second one in reverse. @default {9} for tcp, {3} for load */
  readonly rounds: number;
  /** Empty = all. @default {[]} */
  readonly only: readonly string[];
  /** Peer on processor 1, its counterpart on processor 0. @default {true} */
  readonly pin: boolean;
  readonly json: string | undefined;
  readonly markdown: boolean;
  /** Writes the result into bench/README.md. @default {false} */
  readonly readme: boolean;
}

export const HELP = `npm run bench tcp | load [-- OPTIONS]

  tcp    servers under one load: CPU per message, memory per connection, a burst of connects
  load   load generators against one server: CPU per message, memory for latency recording

  --quick            2000 connections, a round or two of 2 s: shows that all runs, no figure to keep
  --only NAME,NAME   these peers alone
  --connections N    [10k]     --seconds N   [tcp 3, load 10]     --rounds N   [tcp 9, load 3]
  --rate N           messages per second and connection [10]
  --size N           bytes in a message [1]
  --tick-us N        how often the sender sends what is due [977]
  --warm-up N        seconds of load before the measured ones [5]
  --no-pin           leave processors to the scheduler
  --json FILE        every round's figures
  --markdown         the tables in Markdown
  --readme           the same, put into bench/README.md

Examples:
  npm run bench tcp -- --quick --only c-epoll,tenk
  npm run bench load -- --readme`;

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
 * The words behind `npm run bench`; `undefined` when help was asked for. `names` are the peers that `--only` may name.
 *
 * @throws {TenkError} `usage`
 */
export function parseOptions(
  words: readonly string[],
  names: Record<"tcp" | "load", readonly string[]>,
): BenchOptions | undefined {
  const { values, positionals } = parsed(words);
  if (values.help || words.length === 0) return undefined;
  const [bench, ...rest] = positionals;
  if ((bench !== "tcp" && bench !== "load") || rest.length > 0) {
    throw new TenkError("usage", `Cannot bench "${positionals.join(" ")}"`, { hint: "bench tcp, or bench load" });
  }
  const isTcp = bench === "tcp";
  const number = (
    name: "connections" | "seconds" | "rounds" | "rate" | "size" | "tick-us" | "warm-up",
    quick: number,
    usual: number,
  ) => counted(`--${name}`, values[name] ?? String(values.quick ? quick : usual));
  return {
    bench,
    connections: number("connections", 2000, 10_000),
    perSecond: number("rate", 10, 10),
    size: number("size", 1, 1),
    tickUs: number("tick-us", 977, 977),
    seconds: number("seconds", 2, isTcp ? 3 : 10),
    warmUpSeconds: number("warm-up", 1, 5),
    rounds: number("rounds", isTcp ? 2 : 1, isTcp ? 9 : 3),
    only: chosen(values.only, names[bench]),
    pin: !values["no-pin"],
    json: values.json,
    markdown: values.markdown ?? false,
    readme: values.readme ?? false,
  };
}

/**
 * `npm run bench tcp --quick` gives `--quick` to npm, which swallows it with a warning at most: the run would be another
 * one than was asked for. The first word that went that way, from npm's own traces in the environment.
 */
export function swallowedByNpm(environment: Record<string, string | undefined>): string | undefined {
  // npm has a --json of its own; its FILE would stay behind as a word and be refused.
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
