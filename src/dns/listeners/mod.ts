/** Listeners for queries, by UDP, TCP and HTTPS. */
export { type ChainOfThread, type ChainSettings, chainOf } from "./chain-settings.ts";
export { HandedOver } from "./handed-over.ts";
export { DOH_PATH, type HttpsListenerOptions, httpsListener } from "./https-listener.ts";
export { type BlockSettings, ListBlocker } from "./list-blocker.ts";
export { type TcpListenerOptions, tcpListener } from "./tcp-listener.ts";
export { beginUdpThread, openUdpListener, type UdpListenerOptions } from "./udp-listener.ts";
