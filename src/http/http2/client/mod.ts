/** HTTP/2 towards targets. */
export { HTTP2_TARGET_DEFAULTS, type Http2TargetOptions } from "./options.ts";
export { Http2Target } from "./target.ts";
