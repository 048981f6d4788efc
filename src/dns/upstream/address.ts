import { isIP } from "node:net";
import { TenkError } from "../../base/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";

/** Transport of an upstream: UDP with TCP as the fallback, TCP alone, or TLS (RFC 7858). */
export type UpstreamProtocol = "udp" | "tcp" | "tls";

export interface UpstreamAddress {
  readonly protocol: UpstreamProtocol;
  /** An address, as the kernel writes it. */
  readonly host: string;
  readonly port: number;
  /** The name in the certificate, if it is not issued for the address. */
  readonly serverName?: string;
}

const DEFAULT_PORTS = { udp: 53, tcp: 53, tls: 853 } as const;
/** `tls://`, then an address or `[address]`, `:port` and `#name`. */
const FORM = /^(?:(udp|tcp|tls):\/\/)?(?:\[([^\]]+)\]|([^[\]#]*?))(?::(\d+))?(?:#([^#\s]+))?$/;

/**
 * Parses the address of an upstream.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseUpstream("9.9.9.9"); // { protocol: "udp", host: "9.9.9.9", port: 53 }
 * parseUpstream("tls://[2620:fe::fe]:853#dns.quad9.net"); // with serverName "dns.quad9.net"
 */
export function parseUpstream(text: string): UpstreamAddress {
  // An IPv6 address without brackets has no port behind it.
  const parts = isIP(text) === 6 ? [text, undefined, text] : FORM.exec(text);
  if (parts === null) throw wrong(text, "must be an address such as 9.9.9.9, [2620:fe::fe]:53 or tls://9.9.9.9");
  const protocol = (parts[1] ?? "udp") as UpstreamProtocol;
  const [, , bracketed, plain, port, serverName] = parts;
  const ip = parseIp((bracketed ?? plain ?? "").replace(/%.*/, ""));
  if (ip === undefined) throw wrong(text, "must name an address: a name would have to be asked of an upstream");
  const number = port === undefined ? DEFAULT_PORTS[protocol] : Number(port);
  if (number < 1 || number > 65_535) throw wrong(text, "must have a port from 1 to 65535");
  if (serverName !== undefined && protocol !== "tls") throw wrong(text, "can have a #name with tls:// only");
  const scope = /%.*/.exec(bracketed ?? plain ?? "")?.[0] ?? "";
  return {
    protocol,
    host: formatIp(ip) + scope,
    port: number,
    ...(serverName === undefined ? {} : { serverName }),
  };
}

function wrong(text: string, expected: string): TenkError {
  return new TenkError("invalid-option", `Cannot use the upstream ${JSON.stringify(text)}: it ${expected}`);
}

/** Returns the address as `parseUpstream` takes it: the name of an upstream in logs and metrics. */
export function upstreamText({ protocol, host, port, serverName }: UpstreamAddress): string {
  const address = host.includes(":") ? `[${host}]` : host;
  return `${protocol}://${address}:${port}${serverName === undefined ? "" : `#${serverName}`}`;
}
