import { ErrorCode } from "../../wire/http2/mod.ts";

/**
 * Limits and rules that a client broke, and why its connection or stream was ended. A closed set: the counts of
 * `Http2Server.rejections` and the logged `reason` have these names.
 */
export const HTTP2_REJECTIONS = [
  "protocol", // a frame that RFC 9113 does not allow here, or not like this
  "preface", // no HTTP/2
  "frame-size", // longer than we said we accept, or not as long as its type
  "compression", // a field block that cannot be decoded
  "flow-control", // more content than our window, or a window that overflows
  "malformed", // a stream: a request that RFC 9113 §8.1.1 calls malformed
  "streams", // a stream: more than maxConcurrentStreams
  "resets", // more resets than resetBurst and resetsPerSecond allow
  "pings", // more PING or SETTINGS than pingBurst and pingsPerSecond allow
  "empty-frames", // more empty frames than emptyFrameBurst and emptyFramesPerSecond allow
  "continuations", // more CONTINUATION frames than maxContinuations
  "head-size", // a head of more than twice maxHeadBytes
  "queued-bytes", // a stream: its answer's content passed maxQueuedBytes
  "stalled", // a stream: no progress for stallTimeoutMs
  "head-timeout", // the preface or a head was not complete within headTimeoutMs
] as const;
export type Http2Rejection = (typeof HTTP2_REJECTIONS)[number];

/** Ends a connection with GOAWAY (RFC 9113 §5.4.1). Thrown where a frame is read, and caught where bytes come in. */
export class ConnectionError extends Error {
  readonly code: ErrorCode;
  readonly rejection: Http2Rejection;

  constructor(code: ErrorCode, rejection: Http2Rejection, message: string) {
    super(message);
    this.code = code;
    this.rejection = rejection;
  }
}

export const protocolError = (message: string) => new ConnectionError(ErrorCode.protocolError, "protocol", message);

export const frameSizeError = (type: string) =>
  new ConnectionError(ErrorCode.frameSizeError, "frame-size", `${type} of a wrong length`);

export const streamClosed = (type: string) =>
  new ConnectionError(ErrorCode.streamClosed, "protocol", `${type} on a closed stream`);

export const tooMany = (rejection: Http2Rejection, what: string) =>
  new ConnectionError(ErrorCode.enhanceYourCalm, rejection, `too many ${what}`);

export const flowError = (message: string) => new ConnectionError(ErrorCode.flowControlError, "flow-control", message);
