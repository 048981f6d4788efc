/** The client's side of SOCKS5 and HTTP CONNECT, which make a proxy connect to a target. */
export {
  httpConnectDialogue,
  socks5Dialogue,
  type TunnelDialogue,
  type TunnelRefusal,
  type TunnelStep,
} from "./dialogue.ts";
export {
  CONNECT_HEAD_REFUSALS,
  type ConnectHeadRefusal,
  type ConnectReply,
  decodeConnectReply,
  encodeConnectRequest,
} from "./http-connect.ts";
export {
  decodeSocksLogin,
  decodeSocksMethod,
  decodeSocksReply,
  encodeSocksConnect,
  encodeSocksCredentials,
  encodeSocksGreeting,
  SOCKS_REFUSALS,
  type SocksBound,
  type SocksMethod,
  type SocksRefusal,
} from "./socks5.ts";
export type { TunnelCredentials, TunnelTarget } from "./target.ts";
