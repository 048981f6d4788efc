import { TenkError } from "../../base/mod.ts";
import { parseIp } from "../ip-address.ts";

/** The address that a proxy is asked to connect to. */
export interface TunnelTarget {
  /** A name, or an IPv4 or IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The credentials that a proxy asks for. */
export interface TunnelCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Checks host and port. A name may only have letters, digits, dots, hyphens and underscores, so that nothing that ends or splits
 * a field (spaces, CR, LF, NUL, colons, slashes) can be smuggled into a request.
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
