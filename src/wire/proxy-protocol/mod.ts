/**
 * The PROXY protocol, versions 1 and 2, by which a proxy reports the original client to a server. Sections (§) refer to the
 * specification, HAProxy's proxy-protocol.txt.
 */
export { type DecodeProxyOptions, decodeProxyHeader } from "./decode.ts";
export {
  PROXY_REFUSALS,
  type ProxyAddresses,
  type ProxyFamily,
  type ProxyHeader,
  type ProxyRefusal,
  type ProxyTransport,
} from "./header.ts";
export { PROXY_TLV, type ProxyDetails, type ProxySsl, type ProxyTlv, proxyDetails, proxyTlvs } from "./tlv.ts";
export { encodeProxyV1 } from "./v1.ts";
export { encodeProxyV2, type ProxyV2Options } from "./v2.ts";
