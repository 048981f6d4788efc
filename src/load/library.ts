import { TenkError, withoutUndefined } from "../base/mod.ts";
import { type HttpOptions, type HttpPlan, http, planHttp } from "./http/mod.ts";
import type { Protocol } from "./loop/mod.ts";
import type { MessagePart } from "./message/mod.ts";
import { type LoadPlan, preflight, refusalText } from "./plan/mod.ts";
import type { HttpReport, ProtocolReport, Report, WebSocketReport } from "./report.ts";
import { type RunOptions, runLoad } from "./run.ts";
import type { LoadSnapshot } from "./snapshot.ts";
import { planTcp, type ReplyRule, type TcpOptions, type TcpPlan, tcp } from "./tcp/mod.ts";
import { planWebSocket, type WebSocketOptions, type WebSocketPlan, webSocket } from "./websocket/mod.ts";

/** A report, and whether its verdict is a pass. */
export interface LoadReport<Section extends ProtocolReport = ProtocolReport> extends Report {
  /** `verdict.pass`; `verdict.reason` says why, `verdict.checks` what was found. */
  readonly passed: boolean;
  readonly protocol?: Section;
}

/** What every `load` call takes beside its protocol's options. */
export interface LoadCallOptions {
  /** Ends the run early: its report then has `endedBy: "stopped"`, and has not passed. */
  signal?: AbortSignal;
  /** Called four times a second with how the run stands. */
  onSnapshot?: (snapshot: LoadSnapshot) => void;
}

type OwnOfHttp = "headers" | "expectBody";

/** Options of `load.http`. Times in milliseconds, rates a second. */
export interface HttpLoadOptions extends LoadCallOptions, Omit<HttpOptions, OwnOfHttp> {
  /** `{ accept: "text/html", cookie: ["a=1", "b=2"] }`, or a list of pairs. */
  headers?: Readonly<Record<string, string | readonly string[]>> | readonly (readonly [name: string, value: string])[];
  /** Every body must contain this. */
  expectBody?: string | Uint8Array;
}

/** Which bytes are a reply: any chunk; so many bytes; bytes up to a text; each occurrence of a text. */
export type LoadReply =
  | "chunk"
  | { readonly bytes: number }
  | { readonly end: string | Uint8Array }
  | { readonly marker: string | Uint8Array; readonly skip?: number };

type OwnOfTcp = "messages" | "files" | "replies" | "messageStop";

/** Options of `load.tcp`. Times in milliseconds, rates a second. */
export interface TcpLoadOptions extends LoadCallOptions, Omit<TcpOptions, OwnOfTcp> {
  /** Sent again and again at the rate: text, which may have expressions (docs/load-messages.md), or bytes. @default {nothing is sent} */
  message?: string | Uint8Array;
  /** The same, sent once when a connection opens. */
  firstMessage?: string | Uint8Array;
  /** Which bytes are a reply; without it what comes back is only counted. With `pipeline: 1` each message waits for the reply before. */
  reply?: LoadReply;
  /** Ends and fails the run when these bytes come back. */
  messageStop?: string | Uint8Array;
  /** Connections opened a second. @default {Infinity: all at once} */
  connectRate?: number;
  /** The status of the target's tenk, where its counters are read. @default {false: none are read} */
  statsUrl?: string | false;
}

type OwnOfWebSocket = "headers" | "messages" | "files" | "answers" | "messageStop";

/** Options of `load.ws`. Times in milliseconds, rates a second. */
export interface WebSocketLoadOptions extends LoadCallOptions, Omit<WebSocketOptions, OwnOfWebSocket> {
  /** Of the opening handshake: `{ cookie: "a=1" }`, or a list of pairs. */
  headers?: HttpLoadOptions["headers"];
  /** Sent again and again at the rate: text, which may have expressions (docs/load-messages.md), or bytes. @default {nothing is sent} */
  message?: string | Uint8Array;
  /** The same, sent once when a connection opens. */
  firstMessage?: string | Uint8Array;
  /**
   * Which messages are answers: each (`"order"`), or those that contain a text; without it what comes back is only counted. With
   * `pipeline: 1` each message waits for the answer before.
   */
  answers?: "order" | { readonly marker: string | Uint8Array; readonly skip?: number };
  /** Ends and fails the run when these bytes come back within a frame. */
  messageStop?: string | Uint8Array;
  /** Connections opened a second. @default {Infinity: all at once} */
  connectRate?: number;
}

/** Load tests from a program or a test of your own. Each runs on a thread of its own, and resolves with its report. */
export interface Load {
  /**
   * Sends HTTP requests and resolves with the report: the one of `tenk load http --json`, with `passed`.
   *
   * Without a rate each of the 10 connections sends its next request when the answer to the last has come (the closed model), for
   * `durationMs` (10 000) or `requests`. With `totalRate` requests are planned, whatever the server does (the open model).
   * What happens to single requests is counted in the report and never thrown: also that no connection could be opened.
   *
   * @throws {TenkError} `usage` for options that cannot work, `invalid-option` for the URL, `name-not-found` for its host, `unsupported` where
   *   this machine cannot hold the plan; `expectations` are in docs/load.md
   * @example
   * import { createServer } from "node:http";
   * import { load } from "tenk";
   *
   * const server = createServer((_, response) => response.end("hello"));
   * await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
   * const { port } = server.address() as { port: number };
   * const report = await load.http({
   *   url: `http://127.0.0.1:${port}/`,
   *   connections: 4,
   *   requests: 20,
   *   expectBody: "hello",
   *   expectations: ["errors=0", "wrongbody=0", "answered=20"],
   * });
   * server.close();
   * report.passed; // true
   * report.protocol?.status; // { 200: 20 }
   */
  http(options: HttpLoadOptions): Promise<LoadReport<HttpReport>>;

  /**
   * Opens TCP connections, sends messages at planned moments, and resolves with the report: the one of `tenk load tcp --json`, with
   * `passed`. One connection by default; `ratePerConnection` or `totalRate`, without either as fast as the target takes them.
   *
   * @throws {TenkError} `usage` for options that cannot work, `name-not-found` for the host, `unsupported` where this machine cannot hold
   *   the plan
   * @example
   * import { listen, load } from "tenk";
   *
   * const echo = await listen({ port: 0 }, { chunk: (connection, bytes) => connection.write(bytes) });
   * const report = await load.tcp({
   *   port: echo.port,
   *   connections: 5,
   *   ratePerConnection: 20,
   *   durationMs: 200,
   *   message: "ping",
   *   reply: { bytes: 4 },
   *   expectations: ["connections=5", "lost=0", "unanswered=0"],
   * });
   * await echo.stop();
   * report.passed; // true
   * report.messages.answered === report.messages.sent; // true
   */
  tcp(options: TcpLoadOptions): Promise<LoadReport>;

  /**
   * Opens WebSockets, sends messages at planned moments, and resolves with the report: the one of `tenk load ws --json`, with
   * `passed`. One connection by default; `ratePerConnection` or `totalRate`, without either as fast as the target takes them.
   *
   * @throws {TenkError} `usage` for options that cannot work, `invalid-option` for the URL, `name-not-found` for its host, `unsupported` where
   *   this machine cannot hold the plan
   * @example
   * import { load } from "tenk";
   *
   * const report = await load.ws({
   *   url: "ws://127.0.0.1:1/echo",
   *   connections: 5,
   *   ratePerConnection: 20,
   *   durationMs: 200,
   *   message: "ping",
   *   answers: "order",
   * });
   * report.connections.byCause; // { "connect ECONNREFUSED": 5 }
   */
  ws(options: WebSocketLoadOptions): Promise<LoadReport<WebSocketReport>>;
}

export const load: Load = { http: runHttp, tcp: runTcp, ws: runWebSocket };

async function runHttp({ signal, onSnapshot, ...options }: HttpLoadOptions): Promise<LoadReport<HttpReport>> {
  const { headers, expectBody, ...rest } = withoutUndefined(options) as typeof options;
  const plan = planHttp({
    ...rest,
    ...(headers && { headers: pairsOf(headers) }),
    ...(expectBody !== undefined && { expectBody: bytesOf(expectBody) }),
  });
  return run<HttpPlan, HttpReport>(http, plan, { signal, onSnapshot });
}

async function runTcp({ signal, onSnapshot, ...options }: TcpLoadOptions): Promise<LoadReport> {
  const { message, firstMessage, reply, messageStop, ...rest } = withoutUndefined(options) as typeof options;
  const plan = planTcp({
    connectRate: Number.POSITIVE_INFINITY,
    statsUrl: false,
    ...rest,
    messages: [...partsOf(firstMessage, true), ...partsOf(message, false)],
    ...(reply && { replies: ruleOf(reply) }),
    ...(messageStop !== undefined && { messageStop: bytesOf(messageStop) }),
  });
  return run<TcpPlan, never>(tcp, plan, { signal, onSnapshot });
}

async function runWebSocket({
  signal,
  onSnapshot,
  ...options
}: WebSocketLoadOptions): Promise<LoadReport<WebSocketReport>> {
  const { headers, message, firstMessage, answers, messageStop, ...rest } = withoutUndefined(options) as typeof options;
  const plan = planWebSocket({
    connectRate: Number.POSITIVE_INFINITY,
    ...rest,
    messages: [...partsOf(firstMessage, true), ...partsOf(message, false)],
    ...(headers && { headers: pairsOf(headers) }),
    ...(answers && { answers: answers === "order" ? { kind: "order" } : markerOf(answers) }),
    ...(messageStop !== undefined && { messageStop: bytesOf(messageStop) }),
  });
  return run<WebSocketPlan, WebSocketReport>(webSocket, plan, { signal, onSnapshot });
}

/** @template Section what the protocol adds to a report */
async function run<Plan extends LoadPlan, Section extends ProtocolReport>(
  protocol: Protocol<Plan>,
  plan: Plan,
  call: Readonly<Record<keyof LoadCallOptions, unknown>>,
): Promise<LoadReport<Section>> {
  const { refusals } = preflight(plan);
  if (refusals.length > 0) throw new TenkError("unsupported", refusals.map(refusalText).join("\n"));
  const options = { ...withoutUndefined(call), isOnOwnThreads: true } as RunOptions;
  const report = await runLoad(protocol, plan, options);
  return { ...(report as Report & { readonly protocol?: Section }), passed: report.verdict.pass };
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

function pairsOf(headers: NonNullable<HttpLoadOptions["headers"]>): readonly (readonly [string, string])[] {
  if (Array.isArray(headers)) return headers;
  return Object.entries(headers as Readonly<Record<string, string | readonly string[]>>).flatMap(([name, values]) =>
    (typeof values === "string" ? [values] : values).map((value) => [name, value] as const),
  );
}

function partsOf(content: string | Uint8Array | undefined, first: boolean): MessagePart[] {
  if (content === undefined) return [];
  const common = { first, unescape: false, name: first ? "firstMessage" : "message" };
  if (typeof content === "string") return [{ ...common, kind: "text", text: content }];
  return [{ ...common, kind: "file-bytes", bytes: content, expressions: false }];
}

function ruleOf(reply: LoadReply): ReplyRule {
  if (reply === "chunk") return { kind: "chunk" };
  if ("bytes" in reply) return { kind: "length", bytes: reply.bytes };
  if ("end" in reply) return { kind: "delimiter", text: bytesOf(reply.end) };
  return markerOf(reply);
}

function markerOf({ marker, skip }: { readonly marker: string | Uint8Array; readonly skip?: number }) {
  return { kind: "marker", text: bytesOf(marker), ...(skip === undefined ? {} : { skip }) } as const;
}
