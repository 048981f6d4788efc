/** Layer 3: HTTP on the connections of `net/`, as a server and as a client of targets. */

export {
  allowedLookup,
  DENIED_RANGES,
  FAILURE_REASONS,
  type FailurePhase,
  type FailureReason,
  HTTP_TARGET_DEFAULTS,
  type HttpAddress,
  type HttpResponse,
  HttpTarget,
  type HttpTargetOptions,
  isH2c,
  parseHttpAddress,
  type RequestBlock,
  type RequestFraming,
  type RequestOptions,
  type ResponseEvents,
  type ResponseFraming,
  request,
  type TargetCounts,
  type TargetExchange,
  type TargetFailure,
  withoutH2c,
} from "./client/mod.ts";
export { ErrorFormat, type ErrorPage, errorFormat, errorPage } from "./error-page.ts";
export {
  BodyFraming,
  type ClientConnection,
  Exchange,
  type ExchangeHandler,
  type HeadWriter,
  OUTCOMES,
  type Outcome,
} from "./exchange.ts";
export { type FetchedRequest, type FetchOptions, fetchHandler } from "./fetch/mod.ts";
export {
  ClientSession,
  ClientStream,
  HTTP2_REJECTIONS,
  HTTP2_SERVER_DEFAULTS,
  HTTP2_TARGET_DEFAULTS,
  type Http2Rejection,
  Http2Server,
  type Http2ServerOptions,
  type Http2ServerSettings,
  Http2Target,
  type Http2TargetOptions,
  http2TargetSettings,
  SessionOwner,
} from "./http2/mod.ts";
export { HTTP_SERVER_DEFAULTS, type HttpServerOptions, httpServer } from "./server/mod.ts";
