import { TenkError } from "../base/mod.ts";

/** Where something listens or is reached: a port of a host, or a Unix socket (`\0name` is an abstract one). */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

const EXPECTED = "expected a port (9091), host:port (127.0.0.1:9091, [::1]:9091) or unix:/path";

/**
 * Parses an address as people write it. `unix:@name` is an abstract Unix socket.
 *
 * @param defaultHost the host of a bare port
 * @throws {TenkError} `usage`
 * @example
 * parseAddress("9091", "0.0.0.0"); // { host: "0.0.0.0", port: 9091 }
 */
export function parseAddress(text: string, defaultHost: string): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice(5).replace(/^@/, "\0");
    if (path.length > 0) return { path };
  }
  const match = /^(?:tcp:\/\/)?(?:(?:\[([0-9A-Fa-f:.%a-z]+)\]|([^\s:/[\]]+))?:)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new TenkError("usage", `Cannot read "${text}" as an address: ${EXPECTED}`);
  return { host: match[1] ?? match[2] ?? defaultHost, port };
}

/**
 * Formats an address; `parseAddress` reads it back.
 *
 * @example
 * formatAddress({ host: "::1", port: 9091 }); // "[::1]:9091"
 */
export function formatAddress(address: Address): string {
  if ("path" in address) return `unix:${address.path.replace(/^\0/, "@")}`;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Returns whether a host stands for all addresses of the machine: `0.0.0.0`, or `::` with IPv6. */
export function isWildcard(host: string): boolean {
  return /^(0\.0\.0\.0|::|0(:0){7})$/.test(host);
}

/** Returns whether a host is an address that this machine alone reaches, or `localhost`. */
export function isLoopback(host: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host);
}
