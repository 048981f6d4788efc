/** HTTP/1.1 towards targets: connections that are kept, requests and answers as bytes, and a simple `request` on top. */

export { type HttpAddress, isH2c, parseHttpAddress, withoutH2c } from "./address.ts";
export { TargetTotals } from "./counts.ts";
export { allowedLookup, DENIED_RANGES } from "./denied-addresses.ts";
export { HTTP_TARGET_DEFAULTS, type HttpTargetOptions } from "./options.ts";
export { type HttpResponse, type RequestOptions, request } from "./request.ts";
export { HttpTarget } from "./target.ts";
export {
  FAILURE_REASONS,
  type FailurePhase,
  type FailureReason,
  type RequestBlock,
  type RequestFraming,
  type ResponseEvents,
  type ResponseFraming,
  type TargetCounts,
  type TargetExchange,
  type TargetFailure,
} from "./types.ts";
