/** TLS on sockets of ours: all of it by upgrading plain ones, so that STARTTLS, PROXY headers and live change are one path. */
export { type ClientTls, clientTls } from "./client.ts";
export { closeSecure } from "./close.ts";
export {
  Handshake,
  type HandshakeEnds,
  type HandshakeProblem,
  handshakeProblem,
  resumingEvents,
  type UpgradeRequest,
} from "./handshake.ts";
export { negotiatedTls, tlsInfo } from "./info.ts";
export type {
  Certificate,
  ClientTlsOptions,
  NegotiatedTls,
  PeerCertificate,
  ServerTlsOptions,
  TlsInfo,
  TlsVersion,
} from "./options.ts";
export { ServerTls } from "./server.ts";
export { withTexts } from "./texts.ts";
export { upgrade } from "./upgrade.ts";
