/** Listeners for queries, by UDP and TCP. */
export { type BlockSettings, ListBlocker } from "./list-blocker.ts";
export { type TcpListenerOptions, tcpListener } from "./tcp-listener.ts";
export { openUdpListener, type UdpListenerOptions } from "./udp-listener.ts";
export { HandedOver, type UdpStart } from "./udp-start.ts";
