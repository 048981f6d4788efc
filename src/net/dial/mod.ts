/** Connecting out: names with several addresses, proxies, TLS, retries, connections that are kept, a pool. */
export type { AddressOutcomes } from "./address-history.ts";
export { connect } from "./connect.ts";
export { Dialer } from "./dialer.ts";
export type { DialOverrides } from "./dialling.ts";
export { type KeepOptions, type KeptConnection, keepConnected, type ReconnectOptions } from "./kept-connection.ts";
export type { BackoffOptions, ConnectOptions, RetryOptions } from "./options.ts";
export { ConnectionPool, type PoolOptions } from "./pool.ts";
export type { PoolCounts } from "./pool-core.ts";
