/** Layer 5: sends at a planned pace and counts what came back. */

export {
  AGENTS_PORT,
  type AgentOptions,
  AgentPool,
  checkedKey,
  newKey,
  type PoolOptions,
  runAgent,
} from "./agents/mod.ts";
export {
  DNS_MODES,
  type DnsMode,
  type DnsOptions,
  type DnsPlan,
  dns,
  parseRcodes,
  planDns,
  type QueryFile,
} from "./dns/mod.ts";
export { type FindLimitOptions, findLimit, type Limit, type LimitStep } from "./find-limit.ts";
export {
  filesOfRequests,
  type HttpOptions,
  type HttpPlan,
  http,
  type LoadScript,
  parseHar,
  parseStatusRanges,
  parseUrlList,
  planHttp,
  type ScriptContext,
  type ScriptInit,
  type ScriptRequest,
  type StatusRange,
  type WeightedUrl,
} from "./http/mod.ts";
export {
  type HttpLoadOptions,
  type Load,
  type LoadCallOptions,
  type LoadReply,
  type LoadReport,
  load,
  type TcpLoadOptions,
  type WebSocketLoadOptions,
} from "./library.ts";
export type { Protocol as LoadProtocol, Tap } from "./loop/mod.ts";
export type { DropCause, LatencyName, LatencySummary } from "./measure/mod.ts";
export { compileConstant, compileMessages, filesNamedIn, type MessagePart } from "./message/mod.ts";
export {
  EXPECTABLE,
  EXPECTABLE_OF_DNS,
  EXPECTABLE_OF_HTTP,
  EXPECTABLE_OF_WEBSOCKET,
  type Expectation,
  type LoadOptions,
  type LoadPlan,
  type Machine,
  type Obstacle,
  type Preflight,
  parseExpectation,
  parseShape,
  preflight,
  rampUpMs,
  readMachine,
  refusalText,
  type ShapeDefaults,
} from "./plan/mod.ts";
export type {
  AgentReport,
  Check,
  DnsReport,
  HttpReport,
  Report,
  RequestReport,
  ServerReport,
  Verdict,
  WebSocketReport,
} from "./report.ts";
export { readInstanceStats, SATURATION, statsProblemText } from "./result/mod.ts";
export { type Agents, LoadControl, type RunOptions, runLoad } from "./run.ts";
export type { LoadSnapshot, Phase } from "./snapshot.ts";
export { planTcp, type ReplyRule, type TcpOptions, type TcpPlan, tcp } from "./tcp/mod.ts";
export { planWebSocket, type WebSocketOptions, type WebSocketPlan, webSocket } from "./websocket/mod.ts";
