import { addressRanges } from "../../net/mod.ts";

/** Who asks. */
export interface Client {
  /** What a proxy that is trusted says, else the peer on the wire. */
  readonly address: string;
  /** On this machine, and nobody in between. */
  readonly isLoopback: boolean;
  /** Over TLS, as far as a proxy says so. */
  readonly isSecure: boolean;
  /** Who is in between: nobody, as far as can be seen; a proxy that the configuration names; another one. */
  readonly proxy: "none" | "trusted" | "unknown";
}

/** What proxies add. A program of this machine that forwards strangers' requests is not this machine asking. */
const FORWARDING = new Set(["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"]);

const isLoopbackAddress = addressRanges(["127.0.0.0/8", "::1"]);

/**
 * @param peer the address on the wire; IPv4 within IPv6 and zones are understood
 * @param isProxy whose `X-Forwarded-For` is believed; read from its right end, where the proxies themselves wrote
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
  const address = furthest(peer, (headers.get("x-forwarded-for") ?? "").split(","), isProxy);
  return { address, isLoopback: false, isSecure, proxy: isTrusted ? "trusted" : "unknown" };
}

/** Goes on to the left while it is a proxy of ours who says so; what a proxy did not know (`unknown`, `unix:`) ends it. */
function furthest(peer: string, hops: readonly string[], isProxy: (address: string) => boolean): string {
  let known = peer;
  for (let at = hops.length - 1; at >= 0 && isProxy(known); at--) {
    const hop = bare(hops[at]!);
    if (!isAddress(hop)) break;
    known = hop;
  }
  return known;
}

/** `[2001:db8::1]:4711` and `192.0.2.1:4711` are written by some. */
function bare(hop: string): string {
  const text = hop.trim();
  return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
}

const isAddress = addressRanges(["0.0.0.0/0", "::/0"]);

/**
 * Under what name attempts of a client are counted: an IPv6 network (/64) is one, as whoever has one address of it has all.
 *
 * @example
 * attemptsKey("2001:db8:1:2:3::4"); // "2001:db8:1:2::/64"
 */
export function attemptsKey(address: string): string {
  const [text = ""] = address.toLowerCase().split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (mapped) return mapped[1]!;
  if (!text.includes(":")) return text;
  const [head = "", tail = ""] = text.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (text.includes("::")) {
    const after = tail === "" ? [] : tail.split(":");
    while (groups.length + after.length < 8) groups.push("0");
    groups.push(...after);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
