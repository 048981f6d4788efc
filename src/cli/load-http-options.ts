import type { Command } from "commander";
import { parseCount, parseDuration, parseRate, TenkError, withoutUndefined } from "../base/mod.ts";
import { eventLoops } from "../limits/mod.ts";
import { filesOfRequests, type HttpOptions, parseStatusRanges } from "../load/mod.ts";
import { statsUrlOf } from "./load-plan.ts";
import { addResultOptions, type ResultWords } from "./load-result-options.ts";
import { addUrlOptions, type UrlWords, urlOptionsOf } from "./load-urls.ts";
import { contentOf, header, percentiles, positive, seconds } from "./load-values.ts";
import { listOption, parseWorkers, valueOption } from "./options.ts";
import { refuseHttpOptions } from "./wrk.ts";

/** The options of `load http` as read. */
export interface HttpWords extends ResultWords, UrlWords {
  readonly method?: string;
  readonly header?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  readonly bodyFile?: Uint8Array;
  readonly contentType?: string;
  readonly connections?: number;
  readonly threads?: number | "auto";
  readonly duration?: number;
  readonly requests?: number;
  readonly rate?: number;
  readonly shape?: string;
  readonly http2?: boolean;
  readonly pipeline?: number;
  readonly p?: number;
  readonly disableKeepalive?: boolean;
  readonly timeout?: number;
  readonly connectRate?: number;
  readonly lateAfter?: number;
  readonly dropAfter?: number;
  readonly insecure?: boolean;
  readonly tlsResume?: boolean;
  readonly ca?: string;
  readonly connectTo?: readonly string[];
  readonly unixSocket?: string;
  readonly sourceIp?: readonly string[];
  readonly latency?: boolean;
  readonly latencyPercentiles?: readonly number[];
  readonly expectStatus?: string;
  readonly expectBody?: string;
  readonly expect?: readonly string[];
}

/** Adds every option of `load http`, in wrk's spelling where wrk has it. */
export function addHttpOptions(command: Command): void {
  addRequestOptions(command.optionsGroup("What is asked for:"));
  addPaceOptions(command.optionsGroup("How much, how fast, how long:"));
  addConnectionOptions(command.optionsGroup("Connections:"));
  command
    .optionsGroup("Result:")
    .addOption(valueOption("--expect-status <list>", "statuses that are right: 200, 2xx, 200-299,304", statuses))
    .addOption(valueOption("--expect-body <text>", "every body must contain this", String))
    .option("--latency", "also print p75, as wrk does; latency is always measured")
    .addOption(valueOption("--latency-percentiles <list>", "also print these: 95,99.5", percentiles))
    .addOption(valueOption("--stats-url <url>", "tenk whose counters are read before and after, or none", String));
  addResultOptions(command);
  refuseHttpOptions(command);
}

function addRequestOptions(command: Command): void {
  addUrlOptions(command)
    .addOption(valueOption("-m, --method <method>", "GET, or with a body POST, unless this says otherwise", String))
    .addOption(listOption("-H, --header <line>", "Name: value; may be given several times", header))
    .addOption(valueOption("--body <text>", "sent with every request; may hold \\{re [a-z]+} and the like", String))
    .addOption(valueOption("-D, --body-file <file>", "the same, from a file", contentOf).conflicts("body"))
    .addOption(valueOption("-T, --content-type <type>", "of the body", contentType));
}

function addPaceOptions(command: Command): void {
  command
    .addOption(valueOption("-c, --connections <n>", "connections to hold (default: 10)", positive(parseCount)))
    .addOption(valueOption("-t, --threads <n>", "event loops: a number or auto (default: 1)", threads))
    .addOption(valueOption("-d, --duration <time>", "how long, from the last connect on (default: 10s)", duration))
    .addOption(valueOption("-z <time>", "the same, as oha and hey spell it", duration).hideHelp())
    .on("option:z", (time: string) => command.setOptionValue("duration", duration(time)))
    .addOption(valueOption("-n, --requests <n>", "end when so many requests are answered", positive(parseCount)))
    .addOption(valueOption("-R, --rate <n>", "requests a second in all, planned: the open model", positive(parseRate)))
    .addOption(
      valueOption("--shape <shape>", "how the rate moves: constant, ramp, steps, spike, sine, poisson", String),
    )
    .option("--http2", "HTTP/2: by ALPN under TLS, by prior knowledge without")
    .addOption(valueOption("-p <n>", "with --http2: streams of a connection at a time (default: 1)", streams))
    .addOption(
      valueOption("--pipeline <n>", "with HTTP/1.1: requests of a connection that await answers", positive(parseCount)),
    )
    .addOption(valueOption("--late-after <time>", "a request sent later than this counts as late", seconds))
    .addOption(valueOption("--drop-after <time>", "one that could not be sent for so long is dropped", seconds));
}

function addConnectionOptions(command: Command): void {
  command
    .option("--disable-keepalive", "open a connection for each request")
    .addOption(
      valueOption("--timeout <time>", "of a connect, and of a request to its whole answer (default: 5s)", seconds),
    )
    .addOption(
      valueOption("--connect-rate <n>", "connections opened a second (default: all at once)", positive(parseRate)),
    )
    .option("--insecure", "do not verify the certificate")
    .option("--tls-resume", "resume TLS sessions where connections are opened again")
    .addOption(valueOption("--ca <file>", "certificates that are trusted instead of the system's", String))
    .addOption(
      listOption("--connect-to <rule>", "HOST:PORT:HOST2:PORT2: connect to HOST2, ask for HOST; as in curl", String),
    )
    .addOption(valueOption("--unix-socket <path>", "connect here; the URL names the host", String))
    .addOption(listOption("--source-ip <address>", "connect from here; may be given several times", String));
}

/**
 * Converts the options of the command line to those of the load library.
 *
 * @param given URLs, or a file of them
 * @throws {TenkError} `usage`, `file-unreadable`
 */
export function httpOptionsOf(given: readonly string[], words: HttpWords, cores = eventLoops()): HttpOptions {
  const options = { ...urlOptionsOf(given, words), ...withoutUndefined(wordsOf(words, cores)) };
  const files = new Map(filesOfRequests(options).map((path) => [path, contentOf(path)]));
  return { ...options, files };
}

function wordsOf(words: HttpWords, cores: number) {
  const { header = [], contentType, latencyPercentiles = [], connections = 10 } = words;
  return {
    method: words.method,
    headers: contentType === undefined ? header : [...header, ["Content-Type", contentType] as const],
    body: words.body ?? words.bodyFile,
    connections,
    workers: eventLoopsOf(words.threads, connections, cores),
    durationMs: words.duration,
    requests: words.requests,
    totalRate: words.rate,
    shape: words.shape,
    http2: words.http2,
    pipeline: perConnection(words),
    keepAlive: words.disableKeepalive === undefined ? undefined : !words.disableKeepalive,
    timeoutMs: words.timeout,
    connectRate: words.connectRate,
    lateAfterMs: words.lateAfter,
    dropAfterMs: words.dropAfter,
    verifyTls: words.insecure === undefined ? undefined : !words.insecure,
    tlsResume: words.tlsResume,
    ca: words.ca,
    connectTo: words.connectTo,
    path: words.unixSocket,
    sourceAddresses: words.sourceIp,
    percentiles: words.latency ? [75, ...latencyPercentiles] : latencyPercentiles,
    expectStatus: words.expectStatus,
    expectBody: words.expectBody === undefined ? undefined : new TextEncoder().encode(words.expectBody),
    expectations: words.expect,
    statsUrl: statsUrlOf(words.statsUrl),
  };
}

/**
 * Returns how many event loops to start: wrk's threads are cheap, so that `-t 32` is written anywhere, but an event loop takes 15 MB
 * and a quarter of a second, and one beyond the cores sends nothing more.
 */
function eventLoopsOf(threads: HttpWords["threads"], connections: number, cores: number): number | undefined {
  return threads === undefined ? undefined : Math.min(threads === "auto" ? cores : threads, cores, connections);
}

/** `-p` is a file in ab. */
function streams(text: string): number {
  if (/^[\d.]+[km]?$/i.test(text)) return positive(parseCount)(text);
  throw new TenkError("usage", `Cannot use "${text}": -p is the number of streams, as in oha`, {
    hint: `-D ${text} sends a file`,
  });
}

/** Several requests at a time are streams in HTTP/2, and pipelining in HTTP/1.1. */
export function perConnection({
  http2 = false,
  p,
  pipeline,
}: Pick<HttpWords, "http2" | "p" | "pipeline">): number | undefined {
  if (http2 && pipeline !== undefined) {
    throw new TenkError("usage", "--pipeline is for HTTP/1.1", {
      hint: `-p ${pipeline} sends as many streams at a time`,
    });
  }
  if (!http2 && p !== undefined) {
    throw new TenkError("usage", "-p needs --http2", {
      hint: `--pipeline ${p} is the same for HTTP/1.1, if the server takes it`,
    });
  }
  return p ?? pipeline;
}

/** Parsed here so that an error names its option. */
function statuses(text: string): string {
  parseStatusRanges(text);
  return text;
}

/** `-d` is a body in oha and hey. */
function duration(text: string): number {
  try {
    return positive(seconds)(text);
  } catch (error) {
    if (!(error instanceof TenkError)) throw error;
    throw new TenkError("usage", error.message, {
      hint: "-d is the duration, as in wrk; a body is --body TEXT or -D FILE",
    });
  }
}

/** `-t` is a timeout in oha and hey. */
function threads(text: string): number | "auto" {
  if (!isTime(text)) return parseWorkers(text);
  throw new TenkError("usage", `Cannot use "${text}": -t is the number of event loops, as in wrk`, {
    hint: `--timeout ${text} is the timeout`,
  });
}

/** `-T` is a duration in tcpkali. */
function contentType(text: string): string {
  if (!isTime(text)) return text;
  throw new TenkError("usage", `Cannot use "${text}": -T is the type of the body, as in oha`, {
    hint: `-d ${text} is the duration`,
  });
}

/** It is a time with its unit. */
function isTime(text: string): boolean {
  try {
    parseDuration(text);
    return /[a-z]$/i.test(text);
  } catch {
    return false;
  }
}
