/** Layer 2: sockets. The public TCP library: `import { listen, connect } from "tenk"`. */
export { afterTurn } from "./after-turn.ts";
export type { PreparedChange, ServerChange } from "./change.ts";
export { type ConnectionTap, tapConnection } from "./connection/mod.ts";
export {
  CONNECTION_SORTS,
  type ConnectionInfo,
  type ConnectionPage,
  type ConnectionQuery,
  type ConnectionSort,
} from "./connection-page.ts";
export type { HistogramCounts, ListenerCounts, WorkerCounts } from "./counts.ts";
export {
  LIMIT_DEFAULTS,
  LISTEN_DEFAULTS,
  SERVER_TLS_DEFAULTS,
  SOCKET_DEFAULTS,
  SUBSCRIBER_DEFAULTS,
} from "./defaults.ts";
export { descriptors } from "./descriptors.ts";
export {
  type AddressOutcomes,
  type BackoffOptions,
  ConnectionPool,
  type ConnectOptions,
  connect,
  Dialer,
  type DialOverrides,
  type KeepOptions,
  type KeptConnection,
  keepConnected,
  type PoolCounts,
  type PoolOptions,
  type ReconnectOptions,
  type RetryOptions,
} from "./dial/mod.ts";
export { monotonicUs } from "./ffi.ts";
export { logHandlerFailed } from "./handler-failure.ts";
export { type EchoReply, type EchoSocket, openEchoSocket } from "./icmp/mod.ts";
export {
  closeUnclaimed,
  descriptorsOfSystemd,
  type HandedOn,
  handOn,
  inheritedAtPort,
  isInherited,
  type ListeningSocket,
  noteHandedOn,
  pauseAccepting,
  resumeAccepting,
  startPaused,
  takeHandedOn,
  takeInherited,
} from "./inherit/mod.ts";
export { LocalDatagrams } from "./local-datagrams.ts";
export { callStopped } from "./loop/mod.ts";
export {
  codeFrame,
  currentLoad,
  freshVersion,
  loadHandler,
  loadModule,
  type ModuleFiles,
  moduleFiles,
  onLoaded,
  placeOfError,
  runProgram,
  shownFile,
} from "./module/mod.ts";
export { readNeighbours } from "./neighbours.ts";
export { CLOSE_REASONS, type CloseReason, REJECTION_REASONS, type RejectionReason } from "./reasons.ts";
export { register } from "./requests.ts";
export { listen, type Server } from "./server.ts";
export { shrinkMemory } from "./shrink-memory.ts";
export { silentThreads } from "./silent-threads.ts";
export {
  type Pipe,
  type PipeOptions,
  type PipeResult,
  type PipeSide,
  pipe,
  type SendFileOptions,
  sendFile,
  type WebStreams,
  type WebStreamsOptions,
  webStreams,
} from "./stream/mod.ts";
export type {
  Certificate,
  ClientTlsOptions,
  NegotiatedTls,
  PeerCertificate,
  ServerTlsOptions,
  TlsInfo,
  TlsVersion,
} from "./tls/mod.ts";
export { type HandshakeProblem, handshakeProblem, ServerTls } from "./tls/mod.ts";
export { addressRanges } from "./trusted.ts";
export type {
  Configured,
  Connection,
  Handler,
  HandlerCounts,
  HandlerModule,
  Limits,
  ListenOptions,
  ProxyProtocolOptions,
  SocketOptions,
  SubscriberOptions,
} from "./types.ts";
export {
  type Asker as DatagramAsker,
  type ClientSocketEvents,
  type ClientSocketOptions,
  ClientSockets,
  type ClientSocketsOptions,
  copyPeerIp,
  type DatagramBatch,
  type DatagramContext,
  type DatagramHandler,
  type DatagramView,
  listenUdp,
  type MulticastOptions,
  type MulticastSocket,
  openMulticast,
  peerAddress,
  peerPort,
  type ServeDatagrams,
  type UdpCounts,
  type UdpOptions,
  type UdpServer,
  UdpThread,
} from "./udp/mod.ts";
export { LAG_BUCKETS_SECONDS, type LoopVitals, openVitals, type VitalsReader } from "./vitals.ts";
export { sharedThreads, ThreadPool, type ThreadVitals } from "./worker/mod.ts";
