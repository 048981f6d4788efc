/** Every default of a listener, once: the library fills them in, and the configuration's schema is made of them. */
import type { Limits, SocketOptions, SubscriberOptions } from "./types.ts";

/** Socket options with every default filled in. */
export type SocketSettings = Readonly<Required<SocketOptions>>;
/** Limits with every default filled in; the listener's one copy, changed in place by `update`. */
export type LimitSettings = Required<Limits>;

export const SOCKET_DEFAULTS: SocketSettings = {
  noDelay: true,
  keepAliveMs: 0,
  keepAliveIntervalMs: 0,
  keepAliveProbes: 0,
  userTimeoutMs: 0,
  typeOfService: 0,
  halfOpen: false,
  receiveBufferBytes: 0,
  sendBufferBytes: 0,
  writeQueueHighBytes: 64 * 1024,
  writeQueueLowBytes: 16 * 1024,
  writeQueueMaxBytes: 1024 * 1024,
};

export const LIMIT_DEFAULTS: Readonly<LimitSettings> = {
  maxConnections: 0,
  maxPerAddress: 0,
  acceptsPerSecond: 0,
  idleMs: 0,
  firstByteMs: 0,
  lifetimeMs: 0,
  stallMs: 60_000,
  readBytesPerSecond: 0,
  writeBytesPerSecond: 0,
  totalReadBytesPerSecond: 0,
  totalWriteBytesPerSecond: 0,
};

export const LISTEN_DEFAULTS = {
  workers: 1,
  backlog: 4096,
  fastOpen: 0,
  gatherUs: 100,
  proxyTimeoutMs: 10_000,
} as const;

export const SUBSCRIBER_DEFAULTS = {
  maxQueuedBytes: 256 * 1024,
  whenFull: "drop-oldest",
  maxTopics: 100,
  maxRelayedBytes: 16 * 1024 * 1024,
} as const satisfies Required<SubscriberOptions>;

export const SERVER_TLS_DEFAULTS = {
  clientCertificates: "none",
  minVersion: "TLSv1.2",
  handshakeMs: 10_000,
  maxHandshakes: 1000,
} as const;
