import { randomBytes } from "node:crypto";
import { nameText, parentAt, parseName, sameName } from "../../wire/dns/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";

/** `<index>.<secret>.test`: names below `test` are never forwarded (RFC 6761 §6.2), so a probe ends where it comes back. */
const ZONE = "test";
const SECRET_BYTES = 8;
const INDEX_DIGITS = 2;

/** Returns the zone of this instance's probes for loops. Nobody else knows it. */
export function newProbeZone(): Uint8Array {
  return parseName(`${randomBytes(SECRET_BYTES).toString("hex")}.${ZONE}`)!;
}

/** Returns the name by which upstream `index`, from 0 to 255, is probed. */
export function probeName(zone: Uint8Array, index: number): Uint8Array {
  return parseName(`${index.toString(16).padStart(INDEX_DIGITS, "0")}.${nameText(zone, 0)}`)!;
}

/** Returns the index of the upstream that sent a probe back to us; -1 if the name is no probe of ours. */
export function probedUpstream(bytes: Uint8Array, nameAt: number, zone: Uint8Array): number {
  if (bytes[nameAt] !== INDEX_DIGITS || !sameName(bytes, parentAt(bytes, nameAt), zone, 0)) return -1;
  const index = Number.parseInt(String.fromCharCode(bytes[nameAt + 1]!, bytes[nameAt + 2]!), 16);
  return Number.isNaN(index) ? -1 : index;
}

/** An address and a port where queries are answered, or sent. */
export interface Endpoint {
  /** Wildcards: `::`, `0.0.0.0`. */
  readonly host: string;
  readonly port: number;
}

/**
 * Returns whether an upstream is one of our own listeners: each query would come back to us.
 *
 * @param addresses of this machine, 4 or 16 bytes
 */
export function isOwnListener(
  upstream: Endpoint,
  listeners: readonly Endpoint[],
  addresses: readonly Uint8Array[],
): boolean {
  const ip = parseIp(upstream.host.split("%")[0]!);
  if (ip === undefined) return false;
  const own = formatIp(ip);
  const isOfMachine = isAny(own) || isLoopback(own) || addresses.some((address) => formatIp(address) === own);
  return listeners.some(({ host, port }) => {
    if (port !== upstream.port) return false;
    const listened = parseIp(host.split("%")[0]!);
    return listened !== undefined && (isAny(formatIp(listened)) ? isOfMachine : formatIp(listened) === own);
  });
}

/** As a destination it means this machine. */
function isAny(address: string): boolean {
  return address === "::" || address === "0.0.0.0";
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
