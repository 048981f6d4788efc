/** HTTP/2 on the connections of `net/`. */

export {
  ClientSession,
  ClientStream,
  HTTP2_TARGET_DEFAULTS,
  Http2Target,
  type Http2TargetOptions,
  http2TargetSettings,
  SessionOwner,
} from "./client/mod.ts";
export { HTTP2_REJECTIONS, type Http2Rejection } from "./connection-error.ts";
export { HTTP2_SERVER_DEFAULTS, type Http2ServerOptions, type Http2ServerSettings } from "./options.ts";
export { Http2Server } from "./server.ts";
export type { Http2Session } from "./session.ts";
