import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { TenkError } from "../../base/mod.ts";
import { addressRanges } from "../../net/mod.ts";

/**
 * Ranges that a request never goes to unless told otherwise: link-local ones, where clouds serve credentials to whoever asks
 * (169.254.169.254 and its like), and those that are nobody's: unspecified, multicast, reserved (RFC 6890).
 */
export const DENIED_RANGES: readonly string[] = [
  "0.0.0.0/8",
  "100.100.100.200",
  "169.254.0.0/16",
  "192.0.0.192",
  "224.0.0.0/3",
  "::",
  "64:ff9b::a9fe:0/112",
  "fd00:ec2::254",
  "fe80::/10",
  "ff00::/8",
];

/** Asks for a name's addresses. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/**
 * Returns a lookup that answers no denied address. The connection is made to the very addresses that it answers: a name that
 * answers something else a moment later (DNS rebinding) gains nothing.
 *
 * @param noteDenied gets the error to report where none is left: the dialer knows only that there is no address
 */
export function allowedLookup(
  denied: readonly string[],
  noteDenied: (error: TenkError) => void,
  ask: Lookup = systemLookup,
): Lookup {
  const isDenied = addressRanges(denied);
  return async (name) => {
    const found = await ask(name);
    const allowed = found.filter((address) => !isDenied(address));
    if (allowed.length === 0 && found.length > 0) noteDenied(deniedError(name, found[0]!));
    return allowed;
  };
}

/** @throws {TenkError} `permission-denied` for a host that is an address, and denied */
export function checkHost(host: string, denied: readonly string[]): void {
  if (isIP(host.split("%")[0] ?? "") > 0 && addressRanges(denied)(host)) throw deniedError(host, host);
}

function deniedError(host: string, address: string): TenkError {
  const which = host === address ? "" : ` (${address})`;
  return new TenkError("permission-denied", `Cannot send a request to ${host}${which}: its address is denied`, {
    hint: "it is link-local or nobody's; whoever means it lists other ranges as deniedRanges",
  });
}

async function systemLookup(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}
