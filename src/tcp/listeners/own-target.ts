import { type Address, isWildcard, parseAddress } from "../../part/mod.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/**
 * Returns the target of a relay that leads back to its own listener, where each connection would open another until no
 * descriptor is left. Only literal addresses are checked, since names would need a DNS query; chains of relays are not found.
 *
 * @param targets as `formatAddress` writes them
 * @param ofMachine the addresses of this machine's interfaces
 * @example
 * ownTarget({ host: "0.0.0.0", port: 5432 }, ["10.0.0.5:5432", "127.0.0.1:5432"], []); // "127.0.0.1:5432"
 * ownTarget({ host: "10.0.0.9", port: 5432 }, ["127.0.0.1:5432"], ["10.0.0.9"]); // undefined
 */
export function ownTarget(
  listen: Address,
  targets: readonly string[],
  ofMachine: readonly string[],
): string | undefined {
  return targets.find((text) => {
    const target = parseAddress(text, "127.0.0.1");
    if ("path" in listen || "path" in target)
      return "path" in listen && "path" in target && listen.path === target.path;
    if (listen.port !== target.port || listen.port === 0) return false;
    const [host, to] = [plain(listen.host), plain(target.host)];
    if (isWildcard(to)) return true;
    if (!isWildcard(host)) return host === to || isLocalhost(host, to);
    // 0.0.0.0 listens on IPv4 alone; a name may resolve to either.
    const accepts = host.includes(":") || !to.includes(":");
    return accepts && (LOOPBACK.test(to) || ofMachine.includes(to));
  });
}

/** `localhost` is both 127.0.0.1 and ::1. */
function isLocalhost(one: string, other: string): boolean {
  return (
    (one === "localhost" && ["127.0.0.1", "::1"].includes(other)) ||
    (other === "localhost" && ["127.0.0.1", "::1"].includes(one))
  );
}

function plain(host: string): string {
  return host.toLowerCase().replace(/%.*$/, "");
}
