import { TenkError } from "../../base/mod.ts";
import { parseIp } from "../ip-address.ts";

/** Where a proxy is asked to connect to. */
export interface TunnelTarget {
  /** A name, or an IPv4 or IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a proxy asks its clients for. */
export interface TunnelCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Refuses what would not be a host and a port. Names are held to letters, digits, dots, hyphens and underscores: whatever
 * ends or splits a field (spaces, CR, LF, NUL, colons, slashes) cannot be smuggled into a request.
 *
 * @throws {TenkError} `invalid-option`
 */
export function checkTarget({ host, port }: TunnelTarget): void {
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new TenkError(
      "invalid-option",
      `Cannot ask a proxy to connect: a port must be 1 to 65535, current value is ${port}`,
    );
  }
  if (parseIp(host) !== undefined || /^[A-Za-z0-9._-]{1,255}$/.test(host)) return;
  const shown = JSON.stringify(host.slice(0, 80));
  throw new TenkError(
    "invalid-option",
    `Cannot ask a proxy to connect: ${shown} is neither an address nor a host name`,
    {
      hint: "a name has at most 255 letters, digits, dots and hyphens; write international names in their xn-- form",
    },
  );
}

const MAX_SHOWN = 100;

/** Text of a stranger, made fit for one line of a log: anything but printable ASCII is "?", and its end is cut. */
export function printable(text: string): string {
  return text.slice(0, MAX_SHOWN).replace(/[^\x20-\x7e]/g, "?");
}
