import { isIP } from "node:net";
import { TenkError } from "../../base/mod.ts";
import { isHostName, parseName } from "../../wire/dns/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";

/** Transport of an upstream: UDP with TCP as the fallback, TCP alone, TLS (RFC 7858), or HTTPS (RFC 8484). */
export type UpstreamProtocol = "udp" | "tcp" | "tls" | "https";

export interface UpstreamAddress {
  readonly protocol: UpstreamProtocol;
  /** An address, as the kernel writes it; by TLS and HTTPS perhaps a name, in lower case. */
  readonly host: string;
  readonly port: number;
  /** The name in the certificate, if it is not issued for the host. */
  readonly serverName?: string;
  /** Of HTTPS, with the query string. */
  readonly path?: string;
}

const DEFAULT_PORTS = { udp: 53, tcp: 53, tls: 853, https: 443 } as const;
const DEFAULT_PATH = "/dns-query";
/** `tls://`, then a host or `[address]`, `:port`, a path and `#name`. */
const FORM = /^(?:(udp|tcp|tls|https):\/\/)?(?:\[([^\]]+)\]|([^[\]#/:]*))(?::(\d+))?(\/[!-"$-~]*)?(?:#([^#\s]+))?$/;

/**
 * Parses the address of an upstream.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseUpstream("9.9.9.9"); // { protocol: "udp", host: "9.9.9.9", port: 53 }
 * parseUpstream("tls://[2620:fe::fe]:853#dns.quad9.net"); // with serverName "dns.quad9.net"
 * parseUpstream("https://dns.quad9.net/dns-query"); // with path "/dns-query"
 */
export function parseUpstream(text: string): UpstreamAddress {
  // An IPv6 address without brackets has no port behind it.
  const parts = isIP(text) === 6 ? [text, undefined, text] : FORM.exec(text);
  if (parts === null)
    throw wrong(
      text,
      "must be an address such as 9.9.9.9, [2620:fe::fe]:53, tls://9.9.9.9 or https://dns.quad9.net/dns-query",
    );
  const protocol = (parts[1] ?? "udp") as UpstreamProtocol;
  const [, , bracketed, plain, port, path, serverName] = parts;
  const isSecure = protocol === "tls" || protocol === "https";
  const host = parseHost(text, bracketed ?? plain ?? "", isSecure);
  const number = port === undefined ? DEFAULT_PORTS[protocol] : Number(port);
  if (number < 1 || number > 65_535) throw wrong(text, "must have a port from 1 to 65535");
  if (serverName !== undefined && !isSecure) throw wrong(text, "can have a #name with tls:// and https:// only");
  if (path !== undefined && protocol !== "https") throw wrong(text, "can have a path with https:// only");
  return {
    ...{ protocol, host, port: number },
    ...(serverName === undefined ? {} : { serverName }),
    ...(protocol === "https" ? { path: path ?? DEFAULT_PATH } : {}),
  };
}

/** Returns whether an upstream's host is a name, whose addresses have to be found. */
export function isNamed({ host }: UpstreamAddress): boolean {
  return isIP(host.replace(/%.*/, "")) === 0;
}

/** Returns a host as the kernel writes its address; or its name, where it may be one. */
function parseHost(text: string, host: string, mayBeName: boolean): string {
  const ip = parseIp(host.replace(/%.*/, ""));
  if (ip !== undefined) return formatIp(ip) + (/%.*/.exec(host)?.[0] ?? "");
  const name = parseName(host);
  const isName = name !== undefined && isHostName(name, 0) && !/^[\d.]+$/.test(host);
  if (!isName) throw wrong(text, "must name an address or a host");
  if (!mayBeName) throw wrong(text, "must name an address: a host can have a name with tls:// and https:// only");
  return host.toLowerCase().replace(/\.$/, "");
}

function wrong(text: string, expected: string): TenkError {
  return new TenkError("invalid-option", `Cannot use the upstream ${JSON.stringify(text)}: it ${expected}`);
}

/** Returns the address as `parseUpstream` takes it: the name of an upstream in logs and metrics. */
export function upstreamText({ protocol, host, port, serverName, path = "" }: UpstreamAddress): string {
  const address = host.includes(":") ? `[${host}]` : host;
  return `${protocol}://${address}:${port}${path}${serverName === undefined ? "" : `#${serverName}`}`;
}
