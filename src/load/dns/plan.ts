import {
  checkNotNegative,
  type LoadOptions,
  type LoadPlan,
  namesRate,
  parseShape,
  planLoad,
  refuse,
  shapeOf,
} from "../plan/mod.ts";
import { MAX_OUTSTANDING } from "./outstanding.ts";
import { parseQueryFile } from "./query-file.ts";
import type { EdnsOptions } from "./query-set.ts";
import { parseRcodes } from "./rcodes.ts";

/** How queries travel. */
export const DNS_MODES = ["udp", "tcp", "dot", "doh"] as const;
export type DnsMode = (typeof DNS_MODES)[number];

/** Queries in dnsperf's format, see `parseQueryFile`. */
export interface QueryFile {
  /** In errors and in the report. */
  readonly name: string;
  readonly text: Uint8Array;
  /** Of all queries, relative to that of the other files. */
  readonly share: number;
}

/** Options of any load that DNS has names of its own for, or does not have. */
type Other =
  | "path"
  | "ratePerConnection"
  | "maxOutstanding"
  | "pipeline"
  | "delaySendMs"
  | "channelLifetimeMs"
  | "reconnect"
  | "upstreamBytesPerSecond"
  | "writeQueueBytes"
  | "answerTimeoutMs"
  | "maxMessages"
  | "drainMs";

export interface DnsOptions extends Omit<LoadOptions, Other> {
  readonly files: readonly QueryFile[];
  /** @default {"udp"} */
  readonly mode?: DnsMode;
  /** Runs through the files; the run ends when all is answered, or after `durationMs`. @default {1 without `durationMs`, else Infinity} */
  readonly runs?: number;
  /** Queries that may await answers at a time, over all clients. @default {100} */
  readonly outstanding?: number;
  /** From a query's sending to its answer, and for a connect. What takes longer is an error. @default {5000} */
  readonly timeoutMs?: number;
  /** Queries have an OPT record (EDNS). @default {false} */
  readonly edns?: boolean;
  /** They have the DNSSEC OK bit, and so an OPT record. @default {false} */
  readonly dnssecOk?: boolean;
  /** What clients take in a datagram, as the OPT record says. @default {1232} */
  readonly udpBytes?: number;
  /** Options of the OPT record: code and data. */
  readonly ednsOptions?: readonly (readonly [code: number, data: Uint8Array])[];
  /** A truncated answer is asked for again over TCP, and the query is answered when that has come. @default {false} */
  readonly retryTruncated?: boolean;
  /** Response codes that are right, see `parseRcodes`. @default {"NOERROR,NXDOMAIN"} */
  readonly expectRcode?: string;
  /** DoT and DoH: verify the server's certificate and its name. @default {true} */
  readonly verifyTls?: boolean;
  /** DoT and DoH: the name in the certificate. @default {the host} */
  readonly serverName?: string;
  /** DoH: the path. @default {"/dns-query"} */
  readonly dohPath?: string;
  /** Certificates of authorities instead of the system's: PEM text or a file. */
  readonly ca?: string;
  /** SO_RCVBUF; 0 = the system's choice. @default {0} */
  readonly receiveBufferBytes?: number;
  /** SO_SNDBUF; 0 = the system's choice. @default {0} */
  readonly sendBufferBytes?: number;
}

/** What connections and answers of DNS need beside a plan's common part. */
export interface DnsOwn {
  readonly mode: DnsMode;
  readonly files: readonly QueryFile[];
  readonly edns: EdnsOptions;
  /** Where unique digits begin: no other run has the same. */
  readonly startedUs: number;
  readonly timeoutMs: number;
  readonly retryTruncated: boolean;
  readonly expectRcodes: readonly number[];
  readonly verifyTls: boolean;
  readonly serverName: string;
  readonly dohPath: string;
  readonly ca: string | undefined;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
}

export type DnsPlan = LoadPlan & DnsOwn;

/** A file each has a count of its own. */
const MAX_FILES = 100;
const SHOWN_CHARACTERS = 80;
/** An answer that is looked for every 50 ms is found to be late by then. */
const EXPIRY_SLACK_MS = 200;
const QUEUE_BYTES = 65_536;
const DURATION_MS = 10_000;

/**
 * Checks that options fit together and fills in the defaults.
 *
 * @throws {TenkError} `usage`
 * @example
 * const files = [{ name: "queries.txt", text: new TextEncoder().encode("example.org A"), share: 1 }];
 * planDns({ host: "127.0.0.1", port: 5354, files }).maxMessages; // 1
 */
export function planDns(options: DnsOptions): DnsPlan {
  const { files, mode = "udp", timeoutMs = 5000, outstanding = 100, connections = 1, ...rest } = withRate(options);
  const { edns = false, dnssecOk = false, udpBytes = 1232, ednsOptions = [] } = rest;
  if (files.length === 0) refuse("there are no queries", "-d FILE");
  if (files.length > MAX_FILES) refuse(`${files.length} files are too many`, `at most ${MAX_FILES}`);
  for (const { name, share } of files) if (!(share > 0)) refuse(`the share of ${name} is ${share}`, "more than 0");
  const decoder = new TextDecoder("latin1");
  const counts = files.map(({ name, text }) => parseQueryFile(decoder.decode(text), name).length);
  const lines = counts.reduce((sum, count) => sum + count, 0);
  const perClient = Math.ceil(outstanding / connections);
  if (!(outstanding >= 1) || perClient > MAX_OUTSTANDING)
    refuse(`${outstanding} outstanding queries of ${connections} clients`, `1 to ${MAX_OUTSTANDING} of each client`);
  // Like dnsperf: without an end of its own a run goes once through the file.
  const isOnce = options.durationMs === undefined && files.length === 1;
  const runs = options.runs ?? (isOnce ? 1 : Number.POSITIVE_INFINITY);
  if (files.length > 1 && Number.isFinite(options.runs ?? Number.POSITIVE_INFINITY))
    refuse("of several files with shares there are no whole runs", "a duration (-l) instead of -n");
  if (options.dohPath !== undefined && !/^\/[\x21-\x7e]*$/.test(options.dohPath))
    refuse(`"${options.dohPath}" is not a path`, "for example --doh-path /dns-query");
  if (options.retryTruncated && mode !== "udp") refuse("only answers by UDP are truncated", "leave out --retry-tcp");
  checkNotNegative({ timeoutMs }, ["timeoutMs"]);
  if (timeoutMs === 0) refuse("without a timeout a lost query is waited for in vain", "for example -t 5");
  const hasRate = rest.totalRate !== undefined;
  const common = planLoad(
    {
      ...commonOf(rest),
      connections,
      connectRate: options.connectRate ?? Number.POSITIVE_INFINITY,
      durationMs: options.durationMs ?? (Number.isFinite(runs) ? Number.POSITIVE_INFINITY : DURATION_MS),
      pipeline: perClient,
      maxOutstanding: perClient,
      maxMessages: hasRate ? Number.POSITIVE_INFINITY : runs * lines,
      answerTimeoutMs: timeoutMs,
      drainMs: timeoutMs + EXPIRY_SLACK_MS,
      // A server may close connections as it likes; queries that it leaves unanswered are counted as errors.
      reconnect: true,
      writeQueueBytes: QUEUE_BYTES,
    },
    {
      kind: "dns",
      workersOption: "-T",
      sends: true,
      preview: previewOf(files),
      answersTold: true,
      lengthBytes: undefined,
      reportsAnswers: true,
      answersAreWhole: true,
      isQueued: true,
      usual: usualOf(hasRate),
    },
  );
  const hasEdns = edns || dnssecOk || ednsOptions.length > 0;
  return {
    ...common,
    ...endOf(common, runs * lines),
    mode,
    files: files.map((file, index) => ({ ...file, name: uniqueName(files, index) })),
    edns: { udpBytes: hasEdns ? udpBytes : 0, dnssecOk, options: optionBytes(ednsOptions) },
    startedUs: Date.now() * 1000,
    timeoutMs,
    retryTruncated: options.retryTruncated ?? false,
    expectRcodes: parseRcodes(options.expectRcode ?? "NOERROR,NXDOMAIN"),
    verifyTls: options.verifyTls ?? true,
    serverName: options.serverName ?? common.host,
    dohPath: options.dohPath ?? "/dns-query",
    ca: options.ca,
    receiveBufferBytes: options.receiveBufferBytes ?? 0,
    sendBufferBytes: options.sendBufferBytes ?? 0,
  };
}

/** The rates that a shape names are queries a second in all. */
function withRate(options: DnsOptions): DnsOptions {
  const { totalRate, shape, durationMs = 10_000 } = options;
  if (totalRate !== undefined || shape === undefined || !namesRate(shape)) return options;
  return { ...options, totalRate: parseShape(shape, { durationMs }).peakPerSecond };
}

/** Only a run with a rate can have late queries: without one the next leaves when an answer came. */
function usualOf(hasRate: boolean): string[] {
  const ofRate = hasRate ? ["late+dropped<=0.1%"] : [];
  return ["failed=0", "lost=0", "errors=0", "mismatched=0", "wrongrcode=0", ...ofRate];
}

/** With a rate it is known when so many queries have been planned. */
function endOf(plan: LoadPlan, queries: number): Partial<Pick<LoadPlan, "durationMs">> {
  if (plan.totalRate === undefined || !Number.isFinite(queries)) return {};
  return { durationMs: Math.min(plan.durationMs, shapeOf(plan).timeOf(queries)) };
}

function commonOf(options: Partial<DnsOptions>): Omit<LoadOptions, Other> {
  const { files, mode, runs, outstanding, timeoutMs, edns, dnssecOk, udpBytes, ednsOptions, ...others } = options;
  const {
    retryTruncated,
    expectRcode,
    verifyTls,
    serverName,
    dohPath,
    ca,
    receiveBufferBytes,
    sendBufferBytes,
    ...common
  } = others;
  return common;
}

/** Counts of a file are kept by its name: a second of the same name gets its number. */
function uniqueName(files: readonly QueryFile[], index: number): string {
  const { name } = files[index]!;
  const before = files.slice(0, index).filter((other) => other.name === name).length;
  return before === 0 ? name : `${name} #${before + 1}`;
}

function previewOf(files: readonly QueryFile[]): string {
  const names = files.map(({ name, share }) => (files.length === 1 ? name : `${share} of ${name}`));
  return names.join(", ").slice(0, SHOWN_CHARACTERS);
}

function optionBytes(options: NonNullable<DnsOptions["ednsOptions"]>): Uint8Array {
  const parts = options.map(([code, data]) => {
    return Uint8Array.of(code >> 8, code & 0xff, data.length >> 8, data.length & 0xff, ...data);
  });
  return new Uint8Array(Buffer.concat(parts));
}
