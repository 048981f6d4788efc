import { isIP } from "node:net";
import { formatCount, formatDuration, TenkError } from "../../base/mod.ts";
import { type Expectation, parseExpectation, usualExpectations } from "./expect.ts";
import { flat, parseShape } from "./shape-syntax.ts";

export interface LoadOptions {
  /** @default {"127.0.0.1"} */
  host?: string;
  /** Needed unless `path` is given. */
  port?: number;
  /** A Unix socket instead of host and port. */
  path?: string;
  /** Connections to hold. @default {1} */
  connections?: number;
  /** Connections opened a second; Infinity = all at once. @default {100} */
  connectRate?: number;
  /** The sending phase, from the moment all connections are open (or have failed); Infinity = until stopped. @default {10000} */
  durationMs?: number;
  /** Messages a second on each connection. Without any rate messages go as fast as they are taken. */
  ratePerConnection?: number;
  /** Messages a second over all connections. */
  totalRate?: number;
  /** How the rate goes over time, see `parseShape`; its rates are per connection unless `totalRate` is given. @default {"constant"} */
  shape?: string;
  /** The seed of all that is random: poisson gaps, random text. @default {1} */
  seed?: number;
  /** Requests of one connection that may be unanswered at a time; more wait for their turn. 0 = no bound. @default {0} */
  pipeline?: number;
  /** Messages of one connection whose answers are awaited, at most; those beyond are dropped, not sent. @default {1024} */
  maxOutstanding?: number;
  /** Sent later than this after its planned moment, a message counts as late. @default {100} */
  lateAfterMs?: number;
  /** A message that could not be sent for so long is dropped. @default {2000} */
  dropAfterMs?: number;
  /** How long the end waits for last answers and full write queues. @default {1000} */
  drainMs?: number;
  /** Bytes that may wait for one connection's kernel buffer; above, its messages are dropped. @default {16384} */
  writeQueueBytes?: number;
  /** Silence at the start of each connection. @default {0} */
  delaySendMs?: number;
  /** Close and reopen each connection after this long; 0 = never. @default {0} */
  channelLifetimeMs?: number;
  /** Messages in all, where there is no rate; the run ends when all are answered. @default {Infinity} */
  maxMessages?: number;
  /** A message without an answer after so long has failed; 0 = no bound. Only where the protocol `reportsAnswers`. @default {0} */
  answerTimeoutMs?: number;
  /** Reopen connections that were lost or failed. @default {false} */
  reconnect?: boolean;
  /** Of each connection; undefined = no bound. */
  upstreamBytesPerSecond?: number;
  /** Connect from these addresses in turn. */
  sourceAddresses?: readonly string[];
  /** Event loops. One sends 100 000 messages a second; more only where the target is faster than one core sends. @default {1} */
  workers?: number;
  /** What must hold, see `parseExpectation`. @default {`usualExpectations`} */
  expectations?: readonly string[];
  /** Latency percentiles beside the usual ones, 0 to 100. */
  percentiles?: readonly number[];
  /** Where the target's own counters are read; false = nowhere. @default {"http://HOST:9190/api/status"} */
  statsUrl?: string | false;
}

type Optional = "port" | "path" | "ratePerConnection" | "totalRate" | "upstreamBytesPerSecond";

/** What the protocol contributes to a plan: all that loops, reports and checks need to know of what is sent. */
export interface Traffic {
  /** What is spoken: `tcp`. */
  readonly kind: string;
  /** The option that sets the number of event loops. @default {"-w"} */
  readonly workersOption?: string;
  /** Messages are sent; else connections are only opened and held. */
  readonly sends: boolean;
  /** How what is sent begins; null where nothing is. */
  readonly preview: string | null;
  /** Answers are told apart, and timed. */
  readonly answersTold: boolean;
  /** Of every message, where all have one length. */
  readonly lengthBytes: number | undefined;
  /** The transport finds the answers itself, and says of each when it began. */
  readonly reportsAnswers?: boolean;
  /** An answer is read as a whole: there is no first byte of it to be timed. */
  readonly answersAreWhole?: boolean;
  /**
   * Messages are for whichever connection is free, in the order of their planned moments, and the first leaves when all connections
   * are open. Otherwise connections take turns, and each has messages of its own that wait for its answers. Needs `reportsAnswers`.
   */
  readonly isQueued?: boolean;
  /** The transport tells of each message that comes back, whether or not it is known which one it answers. */
  readonly delimitsMessages?: boolean;
  /** What must hold where nothing is expected. @default {what `usualExpectations` says} */
  readonly usual?: readonly string[];
}

/**
 * Options of any protocol that fit together, with every default filled in. Plain data: it can be posted to a worker. A protocol
 * adds to it what its own connections need.
 */
export type LoadPlan = Readonly<Required<Omit<LoadOptions, Optional | "expectations">>> &
  Readonly<Pick<LoadOptions, Optional>> & {
    /** `host:port` or the path. */
    readonly target: string;
    readonly traffic: Traffic;
    readonly expectations: readonly Expectation[];
    /** `-c` and `-r` were both given, only `-r`, and so on. */
    readonly pace: "none" | "per-connection" | "total" | "as-fast-as-possible";
  };

/**
 * Checks that options fit together and fills in the defaults.
 *
 * @throws {TenkError} `usage` for what cannot work
 */
export function planLoad(options: LoadOptions, traffic: Traffic): LoadPlan {
  const { host = "127.0.0.1", port, path, connections = 1, durationMs = 10_000 } = options;
  const plan: LoadPlan = {
    connectRate: 100,
    shape: "constant",
    seed: 1,
    pipeline: 0,
    maxOutstanding: 1024,
    lateAfterMs: 100,
    dropAfterMs: 2000,
    drainMs: 1000,
    writeQueueBytes: 16_384,
    delaySendMs: 0,
    channelLifetimeMs: 0,
    maxMessages: Number.POSITIVE_INFINITY,
    answerTimeoutMs: 0,
    reconnect: false,
    sourceAddresses: [],
    workers: 1,
    percentiles: [],
    ...options,
    host,
    connections,
    durationMs,
    statsUrl: options.statsUrl ?? (path === undefined ? `http://${bracketed(host)}:9190/api/status` : false),
    target: path ?? `${bracketed(host)}:${port}`,
    traffic,
    pace: paceOf(options, traffic),
    expectations: (options.expectations ?? usualExpectations(traffic)).map(parseExpectation),
  };
  if (path === undefined && !isPort(port)) refuse(`port ${port} is none`, "give HOST:PORT, the port from 1 to 65535");
  checkNumbers(plan);
  checkRates(plan);
  for (const address of plan.sourceAddresses) {
    if (!isIP(address)) refuse(`source "${address}" is not an address`, "for example 127.0.0.2");
  }
  return plan;
}

function isPort(port: number | undefined): boolean {
  return port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function paceOf({ ratePerConnection, totalRate, shape }: LoadOptions, { sends }: Traffic): LoadPlan["pace"] {
  if (!sends) return "none";
  if (totalRate !== undefined) return "total";
  if (ratePerConnection !== undefined || namesRate(shape)) return "per-connection";
  return "as-fast-as-possible";
}

/** Returns true when the shape itself contains the rate. */
export function namesRate(shape = "constant"): boolean {
  return !/^\s*(constant|poisson)?\s*:?\s*$/i.test(shape);
}

/** Returns the option that sets the number of event loops, as the command of this protocol spells it. */
export function workersOption({ traffic }: LoadPlan): string {
  return traffic.workersOption ?? "-w";
}

function checkNumbers(plan: LoadPlan): void {
  const { connections, connectRate, durationMs, workers } = plan;
  if (!Number.isInteger(connections) || connections < 1 || connections > 10_000_000) {
    refuse(`connections ${connections} cannot be held`, "a whole number from 1 to 10m");
  }
  if (!(connectRate > 0)) refuse(`connect rate ${connectRate} opens nothing`, "more than 0 a second");
  if (!(durationMs > 0)) refuse(`a duration of ${durationMs} sends nothing`, "for example -T 10s");
  if (!Number.isInteger(workers) || workers < 1 || workers > 256) {
    refuse(`workers ${workers} cannot be started`, "a whole number from 1 to 256");
  }
  if (workers > connections)
    refuse(`${workers} workers share ${connections} connections`, `at most ${workersOption(plan)} ${connections}`);
  if (!Number.isInteger(plan.maxOutstanding) || plan.maxOutstanding < 1 || plan.maxOutstanding > 1_000_000) {
    refuse(`maxOutstanding ${plan.maxOutstanding} is out of range`, "a whole number from 1 to 1m");
  }
  checkNotNegative(plan, NOT_NEGATIVE);
  if (plan.pipeline > plan.maxOutstanding) {
    refuse(`a pipeline of ${plan.pipeline} is more than is remembered`, `at most ${plan.maxOutstanding}`);
  }
}

const NOT_NEGATIVE = [
  "lateAfterMs",
  "dropAfterMs",
  "drainMs",
  "delaySendMs",
  "channelLifetimeMs",
  "answerTimeoutMs",
  "pipeline",
  "writeQueueBytes",
  "upstreamBytesPerSecond",
] as const satisfies readonly (keyof LoadOptions)[];

/** @throws {TenkError} `usage` for a field that is given and below 0 */
export function checkNotNegative<Field extends string>(
  plan: { readonly [Key in Field]?: number | undefined },
  fields: readonly Field[],
): void {
  for (const field of fields) {
    const value = plan[field];
    if (value !== undefined && !(value >= 0)) refuse(`${field} ${value} is out of range`, "0 or more");
  }
}

function checkRates(plan: LoadPlan): void {
  const hasRate = plan.ratePerConnection !== undefined || plan.totalRate !== undefined || namesRate(plan.shape);
  if (plan.pace === "none" && hasRate) refuse("there is a rate, but no message", "give -m or -f");
  if (plan.ratePerConnection !== undefined && plan.totalRate !== undefined) {
    refuse("a rate per connection and a total rate exclude each other", "give -r or --total-rate");
  }
  if (plan.pace !== "per-connection" && plan.pace !== "total") return;
  const { peakPerSecond } = shapeOf(plan);
  const given = plan.totalRate ?? plan.ratePerConnection;
  if (given !== undefined && namesRate(plan.shape) && plan.totalRate === undefined) {
    refuse(`shape "${plan.shape}" has its own rates`, "leave out -r");
  }
  if (plan.totalRate !== undefined && plan.totalRate !== peakPerSecond) {
    refuse(
      `shape "${plan.shape}" goes up to ${peakPerSecond}, the total rate is ${plan.totalRate}`,
      `--total-rate ${peakPerSecond} means the shape's rates over all connections; left out, they are those of each`,
    );
  }
  const inAll = plan.pace === "total" ? peakPerSecond : peakPerSecond * plan.connections;
  if (!(inAll > 0)) refuse("a rate of 0 sends nothing", "for example -r 10");
  if (inAll > MAX_PER_SECOND) {
    refuse(
      `${formatCount(peakPerSecond)} messages a second on ${formatCount(plan.connections)} connections are ${formatCount(inAll)} a second, more than any machine sends`,
      `at most ${formatCount(MAX_PER_SECOND)} in all`,
    );
  }
  if (!isMessageDue(plan)) {
    refuse(`in ${formatDuration(plan.durationMs)} at this rate no message is due`, "a longer -T or a higher -r");
  }
}

/** Whether the plan's rate comes to a message within its duration: the first is due when it comes to half of one. */
export function isMessageDue(plan: LoadPlan): boolean {
  if (plan.pace === "none" || plan.pace === "as-fast-as-possible" || !Number.isFinite(plan.durationMs)) return true;
  return shapeOf(plan).expected(plan.durationMs) * (plan.pace === "total" ? 1 : plan.connections) >= 0.5;
}

/** A hundred times what one core sends; beyond it the plan is a slip of the pen. */
const MAX_PER_SECOND = 20_000_000;

/** The plan's rate over time: of each connection or, with pace `total`, of all. */
export function shapeOf(plan: LoadPlan): ReturnType<typeof parseShape> {
  const ratePerSecond = plan.totalRate ?? plan.ratePerConnection;
  if (ratePerSecond === undefined && !namesRate(plan.shape)) return flat("constant", 0);
  return parseShape(plan.shape, {
    durationMs: Number.isFinite(plan.durationMs) ? plan.durationMs : 60_000,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  });
}

/** How long it takes to open all connections, as planned. */
export function rampUpMs({ connections, connectRate }: Pick<LoadPlan, "connections" | "connectRate">): number {
  return ((connections - 1) * 1000) / connectRate;
}

/** @throws {TenkError} `usage`, always */
export function refuse(what: string, hint: string): never {
  throw new TenkError("usage", `The plan cannot work: ${what}`, { hint });
}
