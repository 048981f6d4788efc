/** Why a connection ended. A closed set: it is a metric label, and `close(reason)` is where every end meets. */
export const CLOSE_REASONS = [
  "handler", // our side asked for it: end() or close()
  "peer", // the peer finished (FIN)
  "reset", // the peer reset it (ECONNRESET, EPIPE)
  "idle", // nothing came or went for idleMs
  "first-byte", // the peer sent nothing for firstByteMs after it connected
  "lifetime", // older than lifetimeMs
  "stalled", // the peer took none of what waits for it for stallMs
  "write-queue-full", // more waited for the peer than writeQueueMaxBytes
  "bad-frame", // its bytes are no frame of the handler's framing: too long, or a length that cannot be
  "proxy-header", // a trusted peer sent no PROXY header in time, or one that is wrong
  "address-limit", // maxPerAddress are open from the address that its PROXY header names
  "tls-failed", // the TLS handshake failed, took too long, or brought no certificate that was required
  "acme-challenge", // an ACME server validated a name by its handshake (RFC 8737); it reaches no handler
  "bad-request", // what it sent is no HTTP, or breaks its rules
  "header-timeout", // the head of a request took too long
  "body-timeout", // a request's body did not go on, or none of an answer was taken, for too long
  "keep-alive", // no further request came in time
  "http2-error", // it broke the rules of HTTP/2, or passed a limit against floods
  "slow-subscriber", // more published bytes waited for it than its listener allows
  "no-target", // a relay reached none of its targets
  "target", // a relay's other side failed
  "handler-error", // the handler threw or rejected
  "shutdown", // the server stopped and the grace was over
  "worker-crash", // its event loop died
  "system", // any other error of the operating system
] as const;

export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Why a connection was turned away before its handler saw it. */
export const REJECTION_REASONS = [
  "connections", // maxConnections are open
  "address", // maxPerAddress are open from this address
  "rate", // more than acceptsPerSecond
  "handshakes", // maxHandshakes are under way
  "descriptors", // the process is about to run out of file descriptors
] as const;

export type RejectionReason = (typeof REJECTION_REASONS)[number];
