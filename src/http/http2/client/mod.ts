/** HTTP/2 towards targets. */
export {
  HTTP2_TARGET_DEFAULTS,
  type Http2TargetOptions,
  type Http2TargetSettings,
  http2TargetSettings,
} from "./options.ts";
export { ClientSession } from "./session.ts";
export { SessionOwner } from "./session-owner.ts";
export { ClientStream } from "./stream.ts";
export { Http2Target } from "./target.ts";
