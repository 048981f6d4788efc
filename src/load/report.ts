import type { AddressOutcomes } from "../net/mod.ts";
import type { ConnectPhase, DropCause, LatencySummary, ProtocolLatency } from "./measure/mod.ts";

/** One expectation, and whether it held. */
export interface Check {
  /** As it was written: `p99<50ms`. */
  readonly expect: string;
  /** What was found, in the same unit: `61.2ms`. */
  readonly got: string;
  readonly pass: boolean;
}

export interface Verdict {
  /** Every check held, and nothing ended the run before its time; who searched for a limit of the target has found one. */
  readonly pass: boolean;
  readonly checks: readonly Check[];
  /** One sentence: what failed, and whether the generator was the limit. */
  readonly reason: string;
}

/** The target's own counters, where it is tenk. */
export interface ServerReport {
  /**
   * Messages it received. Of TCP they are counted by their length; where lengths vary, in proportion to the bytes. Of HTTP they are
   * requests, those of other clients among them.
   */
  readonly received: number;
  readonly bytesReceived: number;
  /** Of HTTP. */
  readonly requests?: {
    /** `{"git": 1200, "other": 3}`: `other` are those of no service. */
    readonly byService: Readonly<Record<string, number>>;
    /** `{"200": 1200, "4xx": 3, "none": 1}`: by class where a status has no name, `none` for those that ended without an answer. */
    readonly status: Readonly<Record<string, number>>;
    /** Answers that came and that it did not count with their status. */
    readonly missing: number;
  };
  readonly connectionsPeak: number;
  /** Of one core, over the sending phase. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
  /** What its own memory grew by from before the run to its most connections, divided by them. */
  readonly userBytesPerConnection: number;
}

/** What came of the requests of one name. */
export interface RequestReport {
  /** Method and path: `GET /a`. Beyond 100 names, `others`. */
  readonly name: string;
  readonly sent: number;
  /** Without a complete, valid answer. */
  readonly errors: number;
  readonly status: Readonly<Record<string, number>>;
  /** Of complete answers, from the moment each was sent: exact to 3 %. */
  readonly latencyUs: Readonly<Record<"p50" | "p90" | "p99" | "count", number>>;
}

/** What HTTP adds to a report. */
export interface HttpReport {
  readonly kind: "http";
  /** Of the answers, and what was asked for. */
  readonly version: "1.1" | "2";
  readonly url: string;
  /** `several` where requests differ in it. */
  readonly method: string;
  /** `closed`: each connection sends its next request when the answer to the last has come. `open`: requests leave as planned. */
  readonly model: "closed" | "open";
  /** Requests of one connection that may be unanswered at a time: pipelined, or streams. */
  readonly perConnection: number;
  /** Complete answers a second over the sending phase. */
  readonly perSecond: number;
  /** `{"200": 1200, "503": 3}` */
  readonly status: Readonly<Record<string, number>>;
  /** Answers with 301, 302, 303, 307 or 308; none was followed. */
  readonly redirects: number;
  /** Answers whose status is not among `--expect-status`. */
  readonly wrongStatus: number;
  /** Answers whose body does not contain the text of `--expect-body`; null where none was asked for. */
  readonly wrongBody: number | null;
  /** Requests without a complete, valid answer; those of connections that failed to open are not among them. */
  readonly errors: number;
  /** `{"first byte timeout": 3, "body closed": 1}`: the phase of the answer, then the cause. */
  readonly errorsBy: Readonly<Record<string, number>>;
  /** Of HTTP/2: how often a request was sent again that its server had not looked at. */
  readonly resent: number;
  /** 1xx answers. */
  readonly interims: number;
  /** Of answers, without heads and chunk framing. */
  readonly bodyBytes: number;
  /** Each URL by itself, where there are several. */
  readonly requests?: readonly RequestReport[];
  /**
   * With `--cookies`: those that were taken, deletions included, and those that were not, as they were too many, too long or for another
   * target.
   */
  readonly cookies?: { readonly taken: number; readonly ignored: number };
  /** What a script counted. */
  readonly script?: Readonly<Record<string, number>>;
  /** Parts of a connect; left out where there was none. */
  readonly latencyUs: Readonly<Partial<Record<ConnectPhase, LatencySummary>>>;
}

/** What WebSocket adds to a report. */
export interface WebSocketReport {
  readonly kind: "ws";
  readonly url: string;
  /** Connections by the subprotocol that the server chose: `{"mqtt": 10}`; `""` for none. */
  readonly subprotocols: Readonly<Record<string, number>>;
  /** Messages were sent as binary, not as text. */
  readonly binary: boolean;
  /** Payload of a frame, at most; null where messages were not fragmented. */
  readonly fragmentBytes: number | null;
  /** Complete ones that came, whether or not they answered anything. */
  readonly messages: number;
  /** In them, without frame headers. */
  readonly contentBytes: number;
  readonly pings: {
    readonly sent: number;
    readonly answered: number;
    /** Pongs to no ping of ours, which RFC 6455 allows. */
    readonly unexpectedPongs: number;
    /** Of the server's own. */
    readonly received: number;
    /** Of these, those without a pong: the server did not read what it was sent before. */
    readonly ignored: number;
  };
  /** How connections ended, the last ones too: `{"1000": 10, "no close frame": 1}`. */
  readonly closes: Readonly<Record<string, number>>;
  /** Frames and messages against RFC 6455, each of which ended its connection. */
  readonly errors: number;
  /** `{"a frame is masked": 1}` */
  readonly errorsBy: Readonly<Record<string, number>>;
  /** Parts of a connect, and pings; left out where there was none. */
  readonly latencyUs: Readonly<Partial<Record<ProtocolLatency, LatencySummary>>>;
}

/** What DNS adds to a report. */
export interface DnsReport {
  readonly kind: "dns";
  readonly mode: "udp" | "tcp" | "dot" | "doh";
  /** `closed`: the next query is sent when an answer has come. `open`: queries leave as planned. */
  readonly model: "closed" | "open";
  /** Queries that could await answers at a time, over all clients. */
  readonly outstanding: number;
  /** Answers a second over the sending phase. */
  readonly perSecond: number;
  /** `{"NOERROR": 1200, "NXDOMAIN": 3}` */
  readonly rcodes: Readonly<Record<string, number>>;
  /** Answers whose response code is not among `--expect-rcode`. */
  readonly wrongRcode: number;
  readonly truncated: number;
  /** Truncated answers that were asked for again over TCP; null where that was not wanted. */
  readonly retriedOverTcp: number | null;
  /** Queries without an answer to their question. */
  readonly errors: number;
  /** `{"timeout": 3, "ECONNREFUSED": 1}` */
  readonly errorsBy: Readonly<Record<string, number>>;
  /** Over TCP: how often a query was sent again because its server had closed the connection. */
  readonly resent: number;
  /** Answers with the ID of a query that awaited one, and another question. */
  readonly mismatched: number;
  /** What came and is no response. */
  readonly malformed: number;
  /** Answers to queries that were answered before. */
  readonly duplicates: number;
  /** Answers after `timeoutMs`; their queries are errors. */
  readonly lateAnswers: number;
  /** Answers with an ID that was not sent lately. */
  readonly unknownIds: number;
  /** Each file by itself, where there are several. */
  readonly files?: readonly (Omit<RequestReport, "status"> & { readonly rcodes: Readonly<Record<string, number>> })[];
  /** Parts of a connect; left out where there was none. */
  readonly latencyUs: Readonly<Partial<Record<ConnectPhase, LatencySummary>>>;
}

/** What one machine of several did. */
export interface AgentReport {
  readonly name: string;
  readonly address: string;
  /** Event loops. */
  readonly workers: number;
  readonly connections: Pick<Report["connections"], "opened" | "peak" | "failed" | "lost">;
  readonly messages: Pick<
    Report["messages"],
    "planned" | "sent" | "late" | "dropped" | "received" | "answered" | "unanswered" | "unexpected"
  >;
  readonly bytes: Report["bytes"];
  readonly latencyUs: Pick<Report["latencyUs"], "connect" | "message" | "send">;
  readonly generator: Pick<
    Report["generator"],
    "cpuPercent" | "rssBytes" | "loopLagP99Us" | "saturated" | "saturation"
  >;
  readonly clock: {
    /** Its clock is known to so many microseconds. */
    readonly boundUs: number;
    /** How late its event loops began to connect by its own clock, at most. */
    readonly startLateUs: number;
    /** Its time of day, less that of the controller. Nothing depends on it. */
    readonly wallOffsetMs: number;
  };
  /** Why it left before the end; null where it did not. */
  readonly lost: string | null;
}

/** A report's section of its protocol. */
export type ProtocolReport = HttpReport | WebSocketReport | DnsReport;

/** The result of a run: also what `--json` prints. Times in milliseconds, latencies in microseconds. */
export interface Report {
  /** What was spoken: `tcp`, `http`, `ws`, `dns`. */
  readonly kind: string;
  /** `host:port`, or the path of a Unix socket. */
  readonly target: string;
  /** When the first connect was due: `2026-11-30T07:35:06.123Z`. */
  readonly startedAt: string;
  /** Of the tenk that ran it. */
  readonly version?: string;
  /** The command line, to be run again. */
  readonly command?: string;
  readonly plan: {
    readonly connections: number;
    /** 0 where nothing was sent, or as fast as possible. */
    readonly ratePerConnection: number;
    readonly connectRate: number;
    /** Of the sending phase; null where it had no end. */
    readonly durationMs: number | null;
    /** 0 where the rate was that of each connection. */
    readonly totalRate: number;
    readonly shape: string;
    readonly workers: number;
    /** How what is sent begins, at most 80 characters; null where nothing is. */
    readonly message?: string | null;
    /** Of every message, where all have one length. */
    readonly messageBytes?: number;
    /** Messages that end the run when they are answered; left out where nothing but time does. */
    readonly maxMessages?: number;
  };
  readonly connections: {
    readonly opened: number;
    /** Opened again, after a loss, a failure or the end of a lifetime: part of `opened`. */
    readonly reopened: number;
    /** Open at a time, at most. */
    readonly peak: number;
    /** Open when the sending was over. */
    readonly held: number;
    readonly failed: number;
    /** Ended before the planned end, and not by us. */
    readonly lost: number;
    /** `{"connect ECONNREFUSED": 3, "established reset": 1}`: the phase, then the cause. */
    readonly byCause: Readonly<Record<string, number>>;
    /** `{"127.0.0.1": {"connected": 10}, "::1": {"ECONNREFUSED": 1}}`, where the target is a name. */
    readonly byAddress?: AddressOutcomes;
  };
  /**
   * planned = sent + dropped, the late ones being among the sent; and where answers are told apart, sent = answered +
   * unanswered and received = answered + unexpected.
   */
  readonly messages: {
    readonly planned: number;
    readonly sent: number;
    readonly late: number;
    /** Of the late ones: those that waited for the answers of earlier ones, which is the target's doing. */
    readonly lateForReply?: number;
    readonly dropped: number;
    /** What came back: answers where they are told apart, else bytes divided by the message's length. */
    readonly received: number;
    /** Answers are told apart, and timed; where not, the next three are 0. */
    readonly answersTold: boolean;
    readonly answered: number;
    /** Sent, and no answer came before the end. */
    readonly unanswered: number;
    /** Answers that no message had asked for. */
    readonly unexpected: number;
    /** Why messages were dropped. */
    readonly droppedBy: Readonly<Record<DropCause, number>>;
    /** Sent per second over the sending phase; over the ramp-up where the run was stopped before. */
    readonly perSecondSent: number;
  };
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly latencyUs: {
    readonly connect: LatencySummary;
    readonly firstByte: LatencySummary;
    readonly message: LatencySummary;
    readonly service: LatencySummary;
    /** From the planned moment to the moment it was handed to its connection: the generator's own share. */
    readonly send: LatencySummary;
  };
  /** What only this protocol has; left out for `tcp`. */
  readonly protocol?: ProtocolReport;
  readonly server: ServerReport | null;
  /** Where there is no `server`: what was tried, such as `no tenk instance answers at 127.0.0.1:9190`. */
  readonly serverNote?: string;
  readonly generator: {
    /** Of one core, over the sending phase, all workers together. */
    readonly cpuPercent: number;
    readonly cpuUsPerMessage: number;
    readonly rssBytes: number;
    readonly loopLagP99Us: number;
    /** It was itself the limit: see `saturation`. */
    readonly saturated: boolean;
    readonly saturation: readonly string[];
  };
  /** Of a run on several machines: all counts above are the sums of theirs, and percentiles are those of all values together. */
  readonly agents?: {
    /** All began to connect within so many microseconds of each other, at most. */
    readonly startedWithinUs: number;
    readonly each: readonly AgentReport[];
  };
  readonly timing: { readonly connectMs: number; readonly sendMs: number; readonly drainMs: number };
  /** Why the run ended before its time, or null. */
  readonly endedBy: "stopped" | "message-stop" | "no-connections" | "agent-lost" | null;
  readonly verdict: Verdict;
}
