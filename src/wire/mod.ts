/** Layer 1: bytes ⇄ values, one file per format. Pure functions: no I/O, no waiting, no clock. */
export { appleProfile, type PlistValue, type Profile, type ProfilePayload } from "./apple-profile.ts";
export type { Complete, Decoded, Incomplete, Refused } from "./decoded.ts";
export {
  type CutResult,
  DEFAULT_MAX_FRAME_BYTES,
  type DelimiterOptions,
  delimiter,
  FRAME_BAD_LENGTH,
  FRAME_TOO_LONG,
  FrameCutter,
  type Framing,
  fixed,
  type LengthPrefix,
  type LengthPrefixedOptions,
  type LinesOptions,
  lengthPrefixed,
  lines,
  type OnFrame,
  type Span,
  unframed,
  writeLengthPrefix,
} from "./framing/mod.ts";
export {
  beginHandshake,
  type GreetingKind,
  HANDSHAKE_KINDS,
  HANDSHAKE_PORTS,
  HANDSHAKE_REASONS,
  type Handshake,
  type HandshakeFacts,
  type HandshakeKind,
  type HandshakeOptions,
  type HandshakeOutcome,
  type HandshakeReason,
  type HandshakeState,
  type HandshakeStep,
  recognizeGreeting,
} from "./handshake/mod.ts";
export { HeadBuffer } from "./head-buffer.ts";
export { type Echo, echoRequest, type IpVersion, ipv4Content, readEchoReply } from "./icmp-echo.ts";
export { formatIp, isMappedIpv4, parseIp } from "./ip-address.ts";
export { type Neighbour, neighboursRequest, readNeighbourReply } from "./netlink-neighbours.ts";
export { printable } from "./printable.ts";
export {
  type DecodeProxyOptions,
  decodeProxyHeader,
  encodeProxyV1,
  encodeProxyV2,
  PROXY_REFUSALS,
  PROXY_TLV,
  type ProxyAddresses,
  type ProxyDetails,
  type ProxyFamily,
  type ProxyHeader,
  type ProxyRefusal,
  type ProxySsl,
  type ProxyTlv,
  type ProxyTransport,
  type ProxyV2Options,
  proxyDetails,
  proxyTlvs,
} from "./proxy-protocol/mod.ts";
export {
  type ClientHello,
  type ReadClientHelloOptions,
  readClientHello,
  TLS_HELLO_REFUSALS,
  type TlsHelloRefusal,
} from "./tls-hello/mod.ts";
export {
  CONNECT_HEAD_REFUSALS,
  type ConnectHeadRefusal,
  type ConnectReply,
  decodeConnectReply,
  decodeSocksLogin,
  decodeSocksMethod,
  decodeSocksReply,
  encodeConnectRequest,
  encodeSocksConnect,
  encodeSocksCredentials,
  encodeSocksGreeting,
  httpConnectDialogue,
  SOCKS_REFUSALS,
  type SocksBound,
  type SocksMethod,
  type SocksRefusal,
  socks5Dialogue,
  type TunnelCredentials,
  type TunnelDialogue,
  type TunnelRefusal,
  type TunnelStep,
  type TunnelTarget,
} from "./tunnel/mod.ts";
