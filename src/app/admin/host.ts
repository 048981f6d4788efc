import { isIP } from "node:net";

/**
 * A page of a stranger's site can point its own name at 127.0.0.1 and read what answers there (DNS rebinding). It cannot
 * choose an address as Host, so only `localhost`, the bound host, loopback addresses, names that the configuration knows,
 * and where we are bound to all addresses any address at all, are ours. The port does not matter: a tunnel may have
 * changed it.
 *
 * @param names further names under which it is reached, in lower case
 * @example
 * isOurs("evil.example:9190", "127.0.0.1"); // false
 */
export function isOurs(hostHeader: string, boundHost: string, names: readonly string[] = []): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:,\s]+))(?::(\d{1,5}))?$/i.exec(hostHeader);
  if (Number(match?.[3] ?? 0) > 65_535) return false;
  const name = (match?.[1] ?? match?.[2] ?? "").toLowerCase();
  if (name === "localhost" || (name !== "" && name === boundHost.toLowerCase()) || names.includes(name)) return true;
  const family = isIP(name);
  if (family === 0) return false;
  const isLoopback = family === 4 ? name.startsWith("127.") : name === "::1";
  return isLoopback || boundHost === "0.0.0.0" || boundHost === "::";
}
