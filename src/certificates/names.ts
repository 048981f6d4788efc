import { domainToASCII } from "node:url";
import { TenkError } from "../base/mod.ts";
import { formatIp, isMappedIpv4, parseIp } from "../wire/mod.ts";

/** Domains that no public CA signs for, and that every root of the local CA may. */
export const LOCAL_DOMAINS = ["localhost", "local", "internal", "home.arpa", "lan"] as const;

/** Other top-level domains that are reserved or widely used without being delegated (RFC 6761, RFC 6762 appendix G). */
const OTHER_LOCAL = ["home", "corp", "private", "intranet", "test", "example", "invalid", "onion", "alt"] as const;

/** Addresses of private networks: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291. */
export const LOCAL_RANGES = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
] as const;

/**
 * Returns a name as certificates have it: in lower case, IDNA as ASCII, without a final dot, an address in its shortest form.
 *
 * @throws {TenkError} `config` for what no certificate can have
 * @example
 * checkedName("Git.Home.Arpa."); // "git.home.arpa"
 * checkedName("[0:0::1]"); // "::1"
 */
export function checkedName(text: string): string {
  const address = parseIp(text.replace(/^\[(.*)\]$/, "$1"));
  if (address !== undefined) return formatIp(isMappedIpv4(address) ? address.subarray(12) : address);
  const isWildcard = text.startsWith("*.");
  const given = (isWildcard ? text.slice(2) : text).replace(/\.$/, "");
  // The runtime's conversion cuts off what begins with a slash, and the like.
  const name = text.length <= 1000 && /^[\p{L}\p{M}\p{N}._-]+$/u.test(given) ? domainToASCII(given) : "";
  const labels = name.split(".");
  // The last label of a DNS name is never a number: that would be an address, such as 1.2.3 or 010.0.0.1.
  const isName = name.length + (isWildcard ? 2 : 0) <= 253 && labels.every(isLabel) && !/^\d+$/.test(labels.at(-1)!);
  if (!isName || (isWildcard && labels.length < 2)) {
    throw new TenkError("config", `Cannot make a certificate for ${JSON.stringify(text.slice(0, 300))}`, {
      hint: "expected a name such as git.home.arpa or *.home.arpa, or an address",
    });
  }
  return isWildcard ? `*.${name}` : name;
}

function isLabel(label: string): boolean {
  return /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/.test(label);
}

export function isAddress(name: string): boolean {
  return parseIp(name) !== undefined;
}

/**
 * Whether a public CA is to issue for a checked name.
 *
 * @param localDomains further domains that are local, such as `fritz.box`
 */
export function isPublic(name: string, localDomains: readonly string[] = []): boolean {
  const bytes = parseIp(name);
  if (bytes !== undefined) return !LOCAL_RANGES.some((range) => isInRange(bytes, range));
  if (!name.includes(".")) return false;
  return ![...LOCAL_DOMAINS, ...OTHER_LOCAL, ...localDomains].some((domain) => isBelow(name, domain));
}

/** Whether `name` is `domain` or below it; a wildcard stands for the names it covers. */
export function isBelow(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

function isInRange(bytes: Uint8Array, range: string): boolean {
  const [address = "", bits] = range.split("/");
  const base = parseIp(address)!;
  if (base.length !== bytes.length) return false;
  return base.every((byte, at) => {
    const mask = 0xff00 >> Math.min(8, Math.max(0, Number(bits) - at * 8));
    return ((byte ^ bytes[at]!) & mask & 255) === 0;
  });
}
