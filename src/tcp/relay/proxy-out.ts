import type { Connection } from "../../net/mod.ts";
import {
  encodeProxyV1,
  encodeProxyV2,
  type ProxyAddresses,
  type ProxyTlv,
  parseIp,
  proxyTlvs,
} from "../../wire/mod.ts";

/**
 * The PROXY header that tells a target whom it serves: the client as we know it, which behind another proxy is what that one
 * said, and where it connected to. Ends that are not known make it `LOCAL` (version 2) or `UNKNOWN` (version 1): then the
 * target takes the socket's own ends.
 */
export function proxyHeaderFor(client: Connection, version: "v1" | "v2"): Uint8Array {
  const ends = endsOf(client);
  if (version === "v1") return encodeProxyV1(ends);
  const isKnown = parseIp(ends.sourceAddress) !== undefined && parseIp(ends.destinationAddress) !== undefined;
  return encodeProxyV2(ends, isKnown ? { tlvs: tlvsOf(client) } : { command: "local" });
}

const NOWHERE: ProxyAddresses = { sourceAddress: "", sourcePort: 0, destinationAddress: "", destinationPort: 0 };

/** For a connection of the relay's own, which carries nobody: a check. */
export function ownProxyHeader(version: "v1" | "v2"): Uint8Array {
  return version === "v1" ? encodeProxyV1(NOWHERE) : encodeProxyV2(NOWHERE, { command: "local" });
}

function endsOf({ proxy, remoteAddress, remotePort, localAddress, localPort }: Connection): ProxyAddresses {
  // A proxy's own connection, such as its health check, is no client's: neither is ours then.
  const isNobodys = proxy?.command === "local";
  return {
    sourceAddress: isNobodys ? "" : remoteAddress,
    sourcePort: remotePort,
    destinationAddress: localAddress,
    destinationPort: localPort,
  };
}

/** The TLS that we ended; otherwise what a proxy before us said of the one that it ended. */
function tlvsOf({ tls, proxy }: Connection): readonly ProxyTlv[] {
  if (tls === undefined) return proxy?.tlvs ?? [];
  const { peer, alpn, serverName, version, cipher } = tls;
  const commonName = /(?:^|, )CN=([^,]+)/.exec(peer?.subject ?? "")?.[1];
  return proxyTlvs({
    ...(alpn === undefined ? {} : { alpn }),
    ...(serverName === undefined ? {} : { authority: serverName }),
    ssl: {
      secure: true,
      certificateOnConnection: peer !== undefined,
      certificateInSession: peer !== undefined,
      verify: tls.authorized ? 0 : 1,
      version,
      cipher,
      ...(commonName === undefined ? {} : { commonName }),
    },
  });
}
