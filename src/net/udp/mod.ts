export {
  type ClientSocketEvents,
  type ClientSocketOptions,
  ClientSockets,
  type ClientSocketsOptions,
} from "./client-sockets.ts";
export { UdpCount, type UdpCounts } from "./counts.ts";
export type { DatagramBatch } from "./datagram-batch.ts";
export { listenUdp, type UdpOptions, type UdpServer } from "./listen-udp.ts";
export { type MulticastOptions, type MulticastSocket, openMulticast } from "./multicast.ts";
export { copyPeerIp, peerAddress, peerPort } from "./peer.ts";
export type { Asker } from "./sender.ts";
export type { DatagramContext, DatagramHandler, DatagramView, ServeDatagrams } from "./types.ts";
export { UdpThread } from "./udp-thread.ts";
export { silentUdpThreads } from "./worker.ts";
