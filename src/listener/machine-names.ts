import { hostname } from "node:os";

/** A DNS label (RFC 1123 §2.1): a host name may be less, such as `my_box`. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Returns the names of this machine: `localhost`, its host name, and that below `local` and its domain.
 *
 * @param given names to use instead of the last three
 * @param host the host name, which may be a whole domain name
 * @example
 * machineNames("home.arpa", undefined, "box.lan"); // ["localhost", "box.lan", "box.local", "box.home.arpa"]
 */
export function machineNames(domain: string | undefined, given?: readonly string[], host = hostname()): string[] {
  return [...new Set(["localhost", ...(given ?? [host.toLowerCase(), ...derivedNames(domain, host)])])];
}

/**
 * Returns those that a certificate is wanted for. The host name is none of them: a bare one has no certificate, and one that looks public
 * would be ordered from a public CA, and published, though nobody asked for it.
 */
export function certifiableNames(domain: string | undefined, given?: readonly string[], host = hostname()): string[] {
  const names = (given ?? derivedNames(domain, host)).filter((name) => name.includes("."));
  return [...new Set(["localhost", ...names])];
}

function derivedNames(domain: string | undefined, host: string): string[] {
  const label = host.toLowerCase().split(".")[0]!;
  if (!LABEL.test(label)) return [];
  return [`${label}.local`, ...(domain === undefined ? [] : [`${label}.${domain}`])];
}
