/**
 * tenk as a library: TCP servers and clients that stay small with many connections.
 *
 * ```ts
 * import { listen } from "tenk";
 *
 * const server = await listen({ port: 7000 }, { chunk: (connection, bytes) => connection.write(bytes) });
 * console.log(`echo on ${server.address}`);
 * ```
 *
 * And load tests, for `bun test`:
 *
 * ```ts
 * import { expect, test } from "bun:test";
 * import { load } from "tenk";
 *
 * test("answers 500 requests a second in time", async () => {
 *   const report = await load.http({
 *     url: "http://127.0.0.1:3000/",
 *     totalRate: 500,
 *     durationMs: 2000,
 *     expectations: ["p99<50ms", "errors=0"],
 *   });
 *   expect(report.verdict).toMatchObject({ pass: true });
 * });
 * ```
 */
import type { Load } from "./load/mod.ts";
import { followLoads, readUserMetrics, settleLoad } from "./metrics/mod.ts";
import { currentLoad, onLoaded, register } from "./net/mod.ts";

export { TenkError } from "./base/mod.ts";
export type {
  Check,
  HttpLoadOptions,
  HttpReport,
  Load,
  LoadCallOptions,
  LoadReply,
  LoadReport,
  LoadScript,
  LoadSnapshot,
  Report,
  ScriptContext,
  ScriptInit,
  ScriptRequest,
  TcpLoadOptions,
  Verdict,
  WebSocketLoadOptions,
  WebSocketReport,
} from "./load/mod.ts";
export {
  type Counter,
  counter,
  type Gauge,
  gauge,
  type Histogram,
  type HistogramOptions,
  histogram,
  type Labelled,
} from "./metrics/mod.ts";
export {
  type AddressOutcomes,
  afterTurn,
  type BackoffOptions,
  type Certificate,
  CLOSE_REASONS,
  type ClientTlsOptions,
  type CloseReason,
  type Connection,
  type ConnectionInfo,
  type ConnectionPage,
  ConnectionPool,
  type ConnectionQuery,
  type ConnectOptions,
  connect,
  Dialer,
  type Handler,
  type HandlerCounts,
  type HandlerModule,
  type KeepOptions,
  type KeptConnection,
  keepConnected,
  type Limits,
  type ListenerCounts,
  type ListenOptions,
  listen,
  type NegotiatedTls,
  type PeerCertificate,
  type Pipe,
  type PipeOptions,
  type PipeResult,
  type PoolOptions,
  type PreparedChange,
  type ProxyProtocolOptions,
  pipe,
  REJECTION_REASONS,
  type ReconnectOptions,
  type RejectionReason,
  type RetryOptions,
  register,
  type SendFileOptions,
  type Server,
  type ServerChange,
  type ServerTlsOptions,
  type SocketOptions,
  type SubscriberOptions,
  sendFile,
  sharedThreads,
  ThreadPool,
  type ThreadVitals,
  type TlsInfo,
  type TlsVersion,
  type WebStreams,
  type WorkerCounts,
  webStreams,
} from "./net/mod.ts";
export { type JoinNodesOptions, joinNodes, type NodesJoined } from "./nodes/mod.ts";
export { type DumpOptions, dumping, echo, type RelayOptions, type RelayTarget, relay, sink } from "./tcp/mod.ts";
export {
  type ClientHello,
  delimiter,
  type Framing,
  fixed,
  HeadBuffer,
  lengthPrefixed,
  lines,
  readClientHello,
  unframed,
} from "./wire/mod.ts";

/** Runs load tests from a program or a test of your own: `load.http(options)`, `load.tcp(options)`, `load.ws(options)`. */
export const load: Load = {
  // Loaded when first used: servers need none of it.
  http: async (options) => (await import("./load/mod.ts")).load.http(options),
  tcp: async (options) => (await import("./load/mod.ts")).load.tcp(options),
  ws: async (options) => (await import("./load/mod.ts")).load.ws(options),
};

// A handler that imports this has its metrics gathered from whatever event loop it runs on.
register("metrics", readUserMetrics);
// And they are those of the version of it that serves.
followLoads(currentLoad);
onLoaded(settleLoad);
