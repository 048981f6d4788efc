import { addressRanges } from "../../net/mod.ts";

/** The sender of a request. */
export interface Client {
  /** The address that a trusted proxy reports, else the socket's peer. */
  readonly address: string;
  /** A loopback address, and no proxy in between. */
  readonly isLoopback: boolean;
  /** A proxy reports that the client uses TLS. */
  readonly isSecure: boolean;
  /** `trusted`: a proxy of `dashboard.proxies`. `unknown`: another one. */
  readonly proxy: "none" | "trusted" | "unknown";
  /** The service of this instance that the request came through, which is then its proxy. @default {none} */
  readonly service?: string;
}

/** A service of this instance that leads to the dashboard. */
export interface OwnService {
  readonly name: string;
  /** Whether an address is a proxy in front of ours. */
  readonly isProxy: (address: string) => boolean;
}

/** Headers that proxies add. A proxy on this machine forwards requests of strangers: such a request is not from loopback. */
const FORWARDING = new Set(["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"]);

const isLoopbackAddress = addressRanges(["127.0.0.0/8", "::1"]);

/**
 * A request that came through a service of ours is never from loopback, whatever its headers say.
 *
 * @param peer the socket's peer; may be IPv4 mapped into IPv6, or have a zone
 * @param isProxy whether an address is a trusted proxy, whose `X-Forwarded-For` is read, from the right
 * @param own the service that it came through
 */
export function clientOf(
  peer: string,
  headers: Headers,
  isProxy: (address: string) => boolean,
  own?: OwnService,
): Client {
  const isForwarded = [...headers.keys()].some((name) => FORWARDING.has(name) || name.startsWith("x-forwarded"));
  const isSecure = headers.get("x-forwarded-proto")?.trim().toLowerCase() === "https";
  const isTrusted = own !== undefined || isProxy(peer);
  if (!isForwarded && own === undefined) {
    return {
      address: peer,
      isLoopback: isLoopbackAddress(peer),
      isSecure: false,
      proxy: isTrusted ? "trusted" : "none",
    };
  }
  const hops = (headers.get("x-forwarded-for") ?? "").split(",");
  const common = { isLoopback: false, isSecure, proxy: isTrusted ? ("trusted" as const) : ("unknown" as const) };
  if (own === undefined) return { ...common, address: originalAddress(peer, hops, isProxy) };
  // The last hop is the peer of our own proxy.
  const last = withoutPort(hops.pop() ?? "");
  const isOuter = (address: string) => isProxy(address) || own.isProxy(address);
  const address = isAddress(last) ? originalAddress(last, hops, isOuter) : peer;
  return { ...common, address, service: own.name };
}

/** Reads X-Forwarded-For to the left while the hop is a trusted proxy. Stops at the first hop that is not an address. */
function originalAddress(peer: string, hops: readonly string[], isProxy: (address: string) => boolean): string {
  let known = peer;
  for (let at = hops.length - 1; at >= 0 && isProxy(known); at--) {
    const hop = withoutPort(hops[at]!);
    if (!isAddress(hop)) break;
    known = hop;
  }
  return known;
}

/** Drops the port that some proxies add: `[2001:db8::1]:4711`, `192.0.2.1:4711`. */
function withoutPort(hop: string): string {
  const text = hop.trim();
  return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
}

const isAddress = addressRanges(["0.0.0.0/0", "::/0"]);
