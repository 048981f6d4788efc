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
import { connectTo } from "./connect-to.ts";
import {
  MAX_SCRIPT_REQUEST_BYTES,
  type RequestOptions,
  type RequestsPlan,
  requestSource,
  requestsOf,
} from "./requests/mod.ts";
import type { ScriptPlan } from "./script/mod.ts";
import { parseStatusRanges, type StatusRange } from "./status-range.ts";

/** Options of any load that HTTP has defaults or names of its own for, or does not have. */
type Other =
  | "host"
  | "port"
  | "ratePerConnection"
  | "maxOutstanding"
  | "delaySendMs"
  | "channelLifetimeMs"
  | "reconnect"
  | "upstreamBytesPerSecond"
  | "writeQueueBytes"
  | "answerTimeoutMs"
  | "maxMessages"
  | "drainMs";

export interface HttpOptions extends Omit<LoadOptions, Other>, RequestOptions {
  /** Requests in all; the run ends when all are answered, or after `durationMs`. @default {Infinity} */
  requests?: number;
  /** From a request's sending to the end of its answer, and for a connect. What takes longer is an error. @default {5000} */
  timeoutMs?: number;
  /** Verify the server's certificate and its name. @default {true} */
  verifyTls?: boolean;
  /** `HOST:PORT:HOST2:PORT2`: connect to HOST2 instead, and ask for the URL's own host; see `connectTo`. */
  connectTo?: readonly string[];
  /** Certificates of authorities instead of the system's: PEM text or a file. */
  ca?: string;
  /** Connections that are opened again resume TLS sessions of earlier ones (RFC 8446 §2.2). @default {false} */
  tlsResume?: boolean;
  /** HTTP/2: under TLS agreed on by ALPN, in the clear by prior knowledge (RFC 9113 §3.3). @default {false} */
  http2?: boolean;
  /** Statuses that are as expected, see `parseStatusRanges`. @default {"2xx,3xx"} */
  expectStatus?: string;
  /** A module that makes requests and sees answers, see `LoadScript`; and words for it. */
  script?: ScriptPlan;
  /** Bodies must contain this. */
  expectBody?: Uint8Array;
}

/** What connections and answers of HTTP need beside a plan's common part. */
export interface HttpOwn {
  /** Without its query. */
  readonly url: string;
  readonly isSecure: boolean;
  /** Sent as SNI and compared with the certificate, wherever connections go. */
  readonly serverName: string;
  /** `several` where requests differ in it. */
  readonly method: string;
  readonly requests: RequestsPlan;
  readonly script: ScriptPlan | undefined;
  readonly timeoutMs: number;
  readonly verifyTls: boolean;
  readonly tlsResume: boolean;
  readonly ca: string | undefined;
  readonly http2: boolean;
  readonly keepAlive: boolean;
  readonly expectStatus: readonly StatusRange[];
  readonly expectBody: Uint8Array | undefined;
}

export type HttpPlan = LoadPlan & HttpOwn;

const SHOWN_CHARACTERS = 80;
/** Those of `HTTP2_TARGET_DEFAULTS.maxFields`, without the ones that are added. */
const MAX_HTTP2_FIELDS = 250;
/** Over HTTP/2 what a server does not take waits in memory, that of all streams of a connection together. */
const MAX_HTTP2_REQUESTS_BYTES = 2 ** 30;
/** An answer that is looked for every 50 ms is found to be late by then. */
const EXPIRY_SLACK_MS = 200;

/**
 * Checks that options fit together and fills in the defaults.
 *
 * @throws {TenkError} `usage`, `invalid-option` for a URL that cannot be asked
 * @example
 * planHttp({ url: "http://127.0.0.1:8080/a" }).target; // "127.0.0.1:8080"
 */
export function planHttp(options: HttpOptions): HttpPlan {
  const { requests = Number.POSITIVE_INFINITY, timeoutMs = 5000, http2 = false, keepAlive = true } = options;
  const { verifyTls = true, tlsResume = false, ca, expectBody, script, ...rest } = withRate(options);
  const { plan: asked, address, url, method } = requestsOf(options);
  // Compiled as event loops will: what cannot be sent is refused now.
  const source = requestSource(asked, options.seed ?? 1, { worker: 0, connections: 1 });
  const dialled = connectTo(options.connectTo ?? [], address);
  if (options.connectTo !== undefined && options.path !== undefined)
    refuse("a Unix socket is where connections go", "leave out --connect-to");
  if (tlsResume && !address.isSecure) refuse("without TLS there is no session to resume", "an https:// URL");
  const maxBytes = script === undefined ? source.maxLengthBytes : MAX_SCRIPT_REQUEST_BYTES;
  if (!keepAlive && (options.pipeline ?? 1) > 1) refuse("pipelining needs connections that are kept", "leave out one");
  if (!keepAlive && http2) refuse("HTTP/2 keeps its connections", "leave out --disable-keepalive");
  const fields = asked.specs.reduce((most, { headers }) => Math.max(most, headers.length), 0);
  if (http2 && fields > MAX_HTTP2_FIELDS)
    refuse(`${fields} fields are too many over HTTP/2`, `at most ${MAX_HTTP2_FIELDS}`);
  if (http2 && (options.pipeline ?? 1) * maxBytes > MAX_HTTP2_REQUESTS_BYTES)
    refuse("the bodies of a connection's requests are too long together", "fewer with -p, or a body below 1 GiB");
  if (!(requests >= 1)) refuse(`${requests} requests are none`, "for example -n 1000");
  const common = planLoad(
    {
      ...commonOf(rest),
      host: dialled.host,
      port: dialled.port,
      connections: options.connections ?? 10,
      connectRate: options.connectRate ?? Number.POSITIVE_INFINITY,
      durationMs: options.durationMs ?? (Number.isFinite(requests) ? Number.POSITIVE_INFINITY : 10_000),
      pipeline: options.pipeline ?? 1,
      maxMessages: rest.totalRate === undefined ? requests : Number.POSITIVE_INFINITY,
      answerTimeoutMs: timeoutMs,
      drainMs: timeoutMs + EXPIRY_SLACK_MS,
      // A server may close connections as it likes; those that it closes with requests open are counted as lost.
      reconnect: true,
      // A body may be longer than the queue that messages of TCP are held to.
      writeQueueBytes: maxBytes,
    },
    {
      kind: "http",
      workersOption: "-t",
      sends: true,
      preview: previewOf(source.names).slice(0, SHOWN_CHARACTERS),
      answersTold: true,
      lengthBytes: script === undefined ? source.constantLengthBytes : undefined,
      reportsAnswers: true,
      isQueued: true,
      usual: usualOf(rest.totalRate !== undefined, expectBody !== undefined),
    },
  );
  checkNotNegative({ timeoutMs }, ["timeoutMs"]);
  if (timeoutMs === 0) refuse("without a timeout a silent server is waited for in vain", "for example --timeout 30s");
  return {
    ...common,
    ...endOf(common, requests),
    url,
    isSecure: address.isSecure,
    serverName: address.host,
    method,
    requests: asked,
    script,
    timeoutMs,
    verifyTls,
    tlsResume,
    ca,
    http2,
    keepAlive,
    expectStatus: parseStatusRanges(options.expectStatus ?? "2xx,3xx"),
    expectBody,
  };
}

/** The rates that a shape names are requests a second in all: who asks for a page has no connection of his own. */
function withRate(options: HttpOptions): HttpOptions {
  const { totalRate, shape, durationMs = 10_000 } = options;
  if (totalRate !== undefined || shape === undefined || !namesRate(shape)) return options;
  return { ...options, totalRate: parseShape(shape, { durationMs }).peakPerSecond };
}

/** Only a run with a rate can have late requests: without one the next leaves when the answer came. */
function usualOf(hasRate: boolean, expectsBody: boolean): string[] {
  return [
    "failed=0",
    "lost=0",
    "errors=0",
    "wrongstatus=0",
    ...(expectsBody ? ["wrongbody=0"] : []),
    ...(hasRate ? ["late+dropped<=0.1%"] : []),
  ];
}

/** With a rate it is known when so many requests have been planned. */
function endOf(plan: LoadPlan, requests: number): Partial<Pick<LoadPlan, "durationMs">> {
  if (plan.totalRate === undefined || !Number.isFinite(requests)) return {};
  const lastMs = shapeOf(plan).timeOf(requests);
  return { durationMs: Math.min(plan.durationMs, lastMs) };
}

type Common = Omit<LoadOptions, Other>;

function commonOf(options: Partial<HttpOptions>): Common {
  const { url, urls, recording, cookies, method, headers, body, randomUrl, maxRepeats, files, ...others } = options;
  const { requests, timeoutMs, http2, keepAlive, expectStatus, connectTo, ...common } = others;
  return common;
}

function previewOf(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `${names.length} of: ${names.join(", ")}`;
}
