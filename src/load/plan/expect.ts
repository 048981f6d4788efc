import {
  formatDuration,
  nearest,
  parseBytes,
  parseCount,
  parseDuration,
  parseRate,
  TenkError,
} from "../../base/mod.ts";
import { LATENCIES, type LatencySummary } from "../measure/mod.ts";
import type { Check, DnsReport, HttpReport, Report, WebSocketReport } from "../report.ts";
import type { Traffic } from "./load-plan.ts";

/** What a report is measured against, without the verdict that comes of it. */
export type Measured = Omit<Report, "verdict">;

/** What a metric is counted in; `of` is what a percentage of it means. */
interface Metric {
  readonly unit: "count" | "us" | "bytes" | "percent" | "rate";
  /** Undefined = not measured in this run. */
  readonly read: (report: Measured) => number | undefined;
  readonly of?: (report: Measured) => number;
  /** What was read is a lower bound: it may be more. */
  readonly isAtLeast?: (report: Measured) => boolean;
}

const planned = (report: Measured) => report.messages.planned;
const sent = (report: Measured) => report.messages.sent;
const wanted = (report: Measured) => report.plan.connections;

function count(read: Metric["read"], of?: Metric["of"]): Metric {
  return of === undefined ? { unit: "count", read } : { unit: "count", read, of };
}

function httpOf({ protocol }: Measured): HttpReport | undefined {
  return protocol?.kind === "http" ? protocol : undefined;
}

function webSocketOf({ protocol }: Measured): WebSocketReport | undefined {
  return protocol?.kind === "ws" ? protocol : undefined;
}

function dnsOf({ protocol }: Measured): DnsReport | undefined {
  return protocol?.kind === "dns" ? protocol : undefined;
}

/** Answers of a class, such as 4 of `4xx`; undefined where the protocol has none. */
function statuses(report: Measured, first: string): number | undefined {
  const protocol = httpOf(report);
  if (protocol === undefined) return undefined;
  if (first === "1") return protocol.interims;
  const counts = Object.entries(protocol.status).map(([status, many]) => (status.startsWith(first) ? many : 0));
  return counts.reduce((sum, many) => sum + many, 0);
}

const METRICS: Readonly<Record<string, Metric>> = {
  connections: count((report) => report.connections.peak, wanted),
  held: count((report) => report.connections.held, wanted),
  opened: count((report) => report.connections.opened, wanted),
  reopened: count((report) => report.connections.reopened, wanted),
  failed: count((report) => report.connections.failed, wanted),
  lost: count((report) => report.connections.lost, wanted),
  planned: count(planned),
  sent: count(sent, planned),
  late: count((report) => report.messages.late, planned),
  dropped: count((report) => report.messages.dropped, planned),
  received: count((report) => report.messages.received, sent),
  answered: count(({ messages }) => (messages.answersTold ? messages.answered : undefined), sent),
  unanswered: count(({ messages }) => (messages.answersTold ? messages.unanswered : undefined), sent),
  unexpected: count(({ messages }) => (messages.answersTold ? messages.unexpected : undefined), sent),
  rate: { unit: "rate", read: (report) => report.messages.perSecondSent },
  "bytes.sent": { unit: "bytes", read: (report) => report.bytes.sent },
  "bytes.received": { unit: "bytes", read: (report) => report.bytes.received, of: (report) => report.bytes.sent },
  "server.received": count((report) => report.server?.received, sent),
  "server.bytes": { unit: "bytes", read: (report) => report.server?.bytesReceived, of: (report) => report.bytes.sent },
  "server.connections": count((report) => report.server?.connectionsPeak, wanted),
  "server.cpu": { unit: "percent", read: (report) => report.server?.cpuPercent },
  "server.rss": { unit: "bytes", read: (report) => report.server?.rssBytes },
  "server.connectionbytes": { unit: "bytes", read: (report) => report.server?.userBytesPerConnection },
  cpu: { unit: "percent", read: (report) => report.generator.cpuPercent },
  lag: { unit: "us", read: (report) => report.generator.loopLagP99Us },
  rss: { unit: "bytes", read: (report) => report.generator.rssBytes },
};

/** What only HTTP counts. */
const HTTP_METRICS: Readonly<Record<string, Metric>> = {
  errors: count(({ protocol }) => protocol?.errors, sent),
  wrongstatus: count((report) => httpOf(report)?.wrongStatus, sent),
  wrongbody: count((report) => httpOf(report)?.wrongBody ?? undefined, sent),
  redirects: count((report) => httpOf(report)?.redirects, sent),
  "server.missing": count(({ server }) => server?.requests?.missing, sent),
  ...Object.fromEntries(
    ["1xx", "2xx", "3xx", "4xx", "5xx"].map((name) => [name, count((report) => statuses(report, name[0]!), sent)]),
  ),
};

/** What only WebSocket counts; `errors` are those of frames. */
const WEBSOCKET_METRICS: Readonly<Record<string, Metric>> = {
  pings: count((report) => webSocketOf(report)?.pings.sent),
  pongs: count(
    (report) => webSocketOf(report)?.pings.answered,
    (report) => webSocketOf(report)?.pings.sent ?? 0,
  ),
};

/** Answers with a response code. */
function ofRcode(name: string): Metric {
  const read = (report: Measured) => {
    const section = dnsOf(report);
    return section && (section.rcodes[name] ?? 0);
  };
  return count(read, ({ messages }) => messages.answered);
}

/** What only DNS counts; `errors` are queries without an answer. */
const DNS_METRICS: Readonly<Record<string, Metric>> = {
  wrongrcode: count((report) => dnsOf(report)?.wrongRcode, sent),
  mismatched: count((report) => dnsOf(report)?.mismatched, sent),
  malformed: count((report) => dnsOf(report)?.malformed, sent),
  duplicates: count((report) => dnsOf(report)?.duplicates, sent),
  lateanswers: count((report) => dnsOf(report)?.lateAnswers, sent),
  truncated: count((report) => dnsOf(report)?.truncated, sent),
  ...Object.fromEntries(
    ["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"].map((name) => [
      name.toLowerCase(),
      ofRcode(name),
    ]),
  ),
};

const PERCENTILE =
  /^(?:(connect|firstbyte|message|service|send|upgrade|ping)[.-])?(?:p(\d{1,2}(?:\.\d+)?|999|100)|(max))$/;

const PERCENTILES = ["p50", "p90", "p99", "p999", "max", "connect.p99", "service.p99"];

/** Names that can be expected of TCP, for errors and help. */
export const EXPECTABLE = [...Object.keys(METRICS), ...PERCENTILES];
/** The same of HTTP, which has no answer that nobody asked for. */
export const EXPECTABLE_OF_HTTP = [
  ...Object.keys(METRICS).filter((name) => name !== "unexpected"),
  ...Object.keys(HTTP_METRICS),
  ...PERCENTILES,
];

/** The same of WebSocket, which has no counters of a server. */
export const EXPECTABLE_OF_WEBSOCKET = [
  ...Object.keys(METRICS).filter((name) => !name.startsWith("server.")),
  "errors",
  ...Object.keys(WEBSOCKET_METRICS),
  ...PERCENTILES,
  "upgrade.p99",
  "ping.p99",
];

/** What a server of DNS does not count. */
const OF_STREAMS = new Set(["unexpected", "server.bytes", "server.connections", "server.connectionbytes"]);

/** The same of DNS: a query has one answer, which is read as a whole. */
export const EXPECTABLE_OF_DNS = [
  ...Object.keys(METRICS).filter((name) => !OF_STREAMS.has(name)),
  "errors",
  ...Object.keys(DNS_METRICS),
  ...PERCENTILES,
];

const COMPARISONS: Readonly<Record<string, (got: number, than: number) => boolean>> = {
  "=": (got, than) => got === than,
  "==": (got, than) => got === than,
  "!=": (got, than) => got !== than,
  "<": (got, than) => got < than,
  "<=": (got, than) => got <= than,
  ">": (got, than) => got > than,
  ">=": (got, than) => got >= than,
};

const ALWAYS_USUAL = ["connections=all", "lost=0", "failed=0", "late+dropped<=0.1%"] as const;
const USUAL_OF_ANSWERS = ["unanswered=0", "unexpected=0"] as const;

/**
 * What must hold where nothing is expected: all connections open and kept, nearly every message sent on time and, where
 * answers are told apart, every message answered and no answer that was not asked for.
 */
export function usualExpectations({ answersTold, usual }: Pick<Traffic, "answersTold" | "usual">): readonly string[] {
  return usual ?? [...ALWAYS_USUAL, ...(answersTold ? USUAL_OF_ANSWERS : [])];
}

/** Returns what the usual expectations judge and these do not. */
export function notJudged(
  expectations: readonly Expectation[],
  traffic: Pick<Traffic, "answersTold" | "usual">,
): string[] {
  const named = new Set(expectations.flatMap(({ names }) => names));
  const usual = usualExpectations(traffic).map(parseExpectation);
  return usual.filter(({ names }) => names.some((name) => !named.has(name))).map(({ text }) => text);
}

/** Plain data, so that a plan with it can be posted to a worker. */
export interface Expectation {
  /** As it was written, without spaces. */
  readonly text: string;
  /** Added up. */
  readonly names: readonly string[];
  readonly comparison: string;
  /** A number in the metric's unit, a percentage, another metric, or `all` the connections that were wanted. */
  readonly than: { readonly value: number } | { readonly percent: number } | { readonly name: string };
}

/**
 * Reads what must hold: a metric (or several with `+`), a comparison, and a number with its unit, a percentage of what the
 * metric is a part of, or another metric.
 *
 * ```text
 *   connections=10k    lost=0    failed<=1%        of the connections wanted
 *   late<0.1%          late+dropped<=0.1%          of the messages planned
 *   rate>=99k          received=sent               messages a second; another metric
 *   p99<50ms           service.p99.9<5ms           from the planned moment unless another latency is named
 *   cpu<80%            server.rss<200MiB
 * ```
 *
 * @throws {TenkError} `usage`, with the nearest name
 * @example
 * parseExpectation("late < 0.1%").than; // { percent: 0.1 }
 */
export function parseExpectation(text: string): Expectation {
  const plain = text.replaceAll(/\s/g, "");
  const [, left = "", comparison = "", right = ""] = /^([\w.+-]+)(<=|>=|==|!=|=|<|>)(.+)$/.exec(plain) ?? [];
  if (right === "") {
    throw new TenkError("usage", `Cannot read the expectation "${text}": expected NAME, one of = != < <= > >=, VALUE`, {
      hint: 'for example "p99<50ms" or "lost=0"',
    });
  }
  const names = left.split("+").map((name) => name.toLowerCase());
  const metrics = names.map((name) => metricOf(name, text));
  const units = new Set(metrics.map(({ unit }) => unit));
  if (units.size > 1) {
    throw new TenkError("usage", `Cannot read the expectation "${text}": ${names.join(" and ")} do not add up`);
  }
  return { text: plain, names, comparison, than: comparedWith(right, metrics[0]!, text) };
}

function metricOf(name: string, text: string): Metric {
  if (Object.hasOwn(METRICS, name)) return METRICS[name]!;
  if (Object.hasOwn(HTTP_METRICS, name)) return HTTP_METRICS[name]!;
  if (Object.hasOwn(WEBSOCKET_METRICS, name)) return WEBSOCKET_METRICS[name]!;
  if (Object.hasOwn(DNS_METRICS, name)) return DNS_METRICS[name]!;
  const [, latency = "message", percent, max] = PERCENTILE.exec(name) ?? [];
  if (percent === undefined && max === undefined) {
    const meant = nearest(name, EXPECTABLE);
    throw new TenkError("usage", `Unknown name "${name}" in the expectation "${text}"`, {
      hint: `${meant ? `did you mean ${meant}? ` : ""}Known are ${EXPECTABLE.join(", ")}`,
    });
  }
  const key = LATENCIES.find((each) => each.toLowerCase() === latency);
  const ofProtocol = latency as "upgrade" | "ping";
  const summaryOf = (report: Measured) =>
    key === undefined ? webSocketOf(report)?.latencyUs[ofProtocol] : report.latencyUs[key];
  const wantedPercent = max ? 100 : Number(percent === "999" ? "99.9" : percent);
  const read = (report: Measured) => percentileOf(summaryOf(report), wantedPercent);
  const isAtLeast = (report: Measured) => (read(report) ?? 0) >= (summaryOf(report)?.atLeast?.fromUs ?? Infinity);
  return { unit: "us", read, isAtLeast };
}

const USUAL: Readonly<Record<number, "p50" | "p90" | "p99" | "p999" | "max">> = {
  50: "p50",
  90: "p90",
  99: "p99",
  99.9: "p999",
  100: "max",
};

/** Every summary has this percentile. */
export function isUsual(percent: number): boolean {
  return USUAL[percent] !== undefined;
}

function percentileOf(summary: LatencySummary | undefined, percent: number): number | undefined {
  if (summary === undefined || summary.count === 0) return undefined;
  const usual = USUAL[percent];
  return usual === undefined ? summary.more?.[`p${percent}`] : summary[usual];
}

/** The percentiles these expectations need beside the usual ones. */
export function percentilesIn(expectations: readonly Expectation[]): number[] {
  const named = expectations.flatMap((expectation) => [
    ...expectation.names,
    ...("name" in expectation.than ? [expectation.than.name] : []),
  ]);
  const percents = named.map((name) => Number(PERCENTILE.exec(name)?.[2] ?? "50"));
  return [...new Set(percents)].filter((percent) => percent !== 999 && !isUsual(percent));
}

function comparedWith(right: string, metric: Metric, text: string): Expectation["than"] {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(right)?.[1];
  if (percent !== undefined && metric.unit === "percent") return { value: Number(percent) };
  if (percent !== undefined && metric.of) return { percent: Number(percent) };
  if (percent === undefined && /^[a-z]/i.test(right)) {
    const name = right.toLowerCase();
    if (name === "all" && metric.of === wanted) return { percent: 100 };
    if (metricOf(name, text).unit === metric.unit) return { name };
  } else if (percent === undefined) {
    return { value: numberOf(right, metric.unit, text) };
  }
  const share = metric.of === undefined || metric.unit === "percent" ? "" : ", a percentage such as 0.1%";
  throw new TenkError("usage", `Cannot read the expectation "${text}": "${right}" is nothing to compare it with`, {
    hint: `expected ${VALUES[metric.unit].expected}${share}, or another name that is counted alike`,
  });
}

interface Value {
  readonly expected: string;
  readonly read: (text: string) => number;
}

/** What is written after the comparison, by what it is compared with. */
const VALUES: Readonly<Record<Metric["unit"], Value>> = {
  us: { expected: "a time with its unit, such as 50ms", read: (text) => parseDuration(text) * 1000 },
  bytes: { expected: "a size, such as 64k or 200MiB", read: parseBytes },
  rate: { expected: "a rate per second, such as 99k", read: parseRate },
  count: { expected: "a count, such as 0 or 10k", read: parseCount },
  percent: { expected: "a percentage, such as 80%", read: parseCount },
};

function numberOf(right: string, unit: Metric["unit"], text: string): number {
  try {
    return VALUES[unit].read(right);
  } catch (error) {
    if (!(error instanceof TenkError)) throw error;
    const [message] = error.message.split(": ");
    throw new TenkError("usage", `Cannot read the expectation "${text}": ${message}`, {
      hint: `expected ${VALUES[unit].expected}`,
    });
  }
}

/**
 * Holds one expectation against a result. What was not measured does not hold. A lower bound of a latency cannot show that it
 * stayed below a limit.
 */
export function evaluate(expectation: Expectation, report: Measured): Check {
  const { text, names, comparison, than } = expectation;
  const metrics = names.map((name) => metricOf(name, text));
  const values = metrics.map(({ read }) => read(report));
  const { unit, of } = metrics[0]!;
  const other = "name" in than ? metricOf(than.name, text) : undefined;
  const whole = of?.(report) ?? 0;
  const limit = "value" in than ? than.value : "percent" in than ? (whole * than.percent) / 100 : other!.read(report);
  if (limit === undefined || values.includes(undefined)) return { expect: text, got: "not measured", pass: false };
  const got = values.reduce<number>((sum, value) => sum + value!, 0);
  const isAtLeast = metrics.some((metric) => metric.isAtLeast?.(report));
  const isLimitAtLeast = other?.isAtLeast?.(report) ?? false;
  const share = `${Number(((100 * got) / Math.max(1, whole)).toPrecision(3))}% (${got})`;
  const shown = "percent" in than && than.percent !== 100 ? share : shownIn(unit, got, isAtLeast);
  const beside = "name" in than ? `${shown}, ${than.name} ${shownIn(unit, limit, isLimitAtLeast)}` : shown;
  const isShown = (!isAtLeast || comparison.startsWith(">")) && (!isLimitAtLeast || comparison.startsWith("<"));
  return { expect: text, got: beside, pass: isShown && COMPARISONS[comparison]!(got, limit) };
}

function shownIn(unit: Metric["unit"], value: number, isAtLeast: boolean): string {
  if (unit === "us") return `${isAtLeast ? "at least " : ""}${formatDuration(value / 1000)}`;
  if (unit === "percent") return `${Number(value.toFixed(1))}%`;
  return unit === "rate" ? `${Math.round(value)}/s` : String(value);
}
