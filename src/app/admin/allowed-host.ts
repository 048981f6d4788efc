import { isIP } from "node:net";

/**
 * Returns whether a Host header is allowed, as a defence against DNS rebinding: another site can point its own name at 127.0.0.1
 * and read the response, but it cannot make the browser send an address as Host. Allowed are `localhost`, the bound host,
 * loopback addresses, the names of the configuration, and any address when we are bound to all. The port is ignored, since a
 * tunnel may change it.
 *
 * @param names `dashboard.names`, in lower case
 * @example
 * isAllowedHost("evil.example:9190", "127.0.0.1"); // false
 */
export function isAllowedHost(hostHeader: string, boundHost: string, names: readonly string[] = []): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:,\s]+))(?::(\d{1,5}))?$/i.exec(hostHeader);
  if (Number(match?.[3] ?? 0) > 65_535) return false;
  const name = (match?.[1] ?? match?.[2] ?? "").toLowerCase();
  if (name === "localhost" || (name !== "" && name === boundHost.toLowerCase()) || names.includes(name)) return true;
  const family = isIP(name);
  if (family === 0) return false;
  const isLoopback = family === 4 ? name.startsWith("127.") : name === "::1";
  return isLoopback || boundHost === "0.0.0.0" || boundHost === "::";
}
