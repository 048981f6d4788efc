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
}

/** Headers that proxies add. A proxy on this machine forwards requests of strangers: such a request is not from loopback. */
const FORWARDING = new Set(["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"]);

const isLoopbackAddress = addressRanges(["127.0.0.0/8", "::1"]);

/**
 * @param peer the socket's peer; may be IPv4 mapped into IPv6, or have a zone
 * @param isProxy whether an address is a trusted proxy, whose `X-Forwarded-For` is read, from the right
 */
export function clientOf(peer: string, headers: Headers, isProxy: (address: string) => boolean): Client {
  const isForwarded = [...headers.keys()].some((name) => FORWARDING.has(name) || name.startsWith("x-forwarded"));
  const isSecure = headers.get("x-forwarded-proto")?.trim().toLowerCase() === "https";
  const isTrusted = isProxy(peer);
  if (!isForwarded) {
    return {
      address: peer,
      isLoopback: isLoopbackAddress(peer),
      isSecure: false,
      proxy: isTrusted ? "trusted" : "none",
    };
  }
  const address = originalAddress(peer, (headers.get("x-forwarded-for") ?? "").split(","), isProxy);
  return { address, isLoopback: false, isSecure, proxy: isTrusted ? "trusted" : "unknown" };
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
