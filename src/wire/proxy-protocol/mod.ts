/**
 * The PROXY protocol, versions 1 and 2: how a proxy tells a server whom it speaks for. Sections (§) are those of the
 * specification that HAProxy publishes as proxy-protocol.txt.
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
