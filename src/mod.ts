/**
 * tenk as a library: TCP servers and clients that stay small with many connections.
 *
 * ```ts
 * import { listen } from "tenk";
 *
 * const server = await listen({ port: 7000 }, { chunk: (connection, bytes) => connection.write(bytes) });
 * console.log(`echo on ${server.address}`);
 * ```
 */
export { TenkError } from "./base/mod.ts";
export {
  CLOSE_REASONS,
  type CloseReason,
  type Connection,
  type ConnectOptions,
  connect,
  Dialer,
  type Handler,
  type Limits,
  type ListenerCounts,
  type ListenOptions,
  listen,
  type Pipe,
  type PipeOptions,
  type PipeResult,
  type PipeSide,
  pipe,
  REFUSAL_REASONS,
  type RefusalReason,
  type SendFileOptions,
  type Server,
  type SocketOptions,
  sendFile,
  type WebStreams,
  type WebStreamsOptions,
  webStreams,
} from "./net/mod.ts";
export { echo, sink } from "./tcp/mod.ts";
export { delimiter, type Framing, fixed, lengthPrefixed, lines, unframed } from "./wire/mod.ts";
