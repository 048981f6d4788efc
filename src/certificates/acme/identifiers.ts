import { parseIp } from "../../wire/mod.ts";

/** What a certificate is for (RFC 8555 §7.1.3; addresses: RFC 8738 §3). */
export interface Identifier {
  readonly type: "dns" | "ip";
  /** A wildcard begins with `*.`. */
  readonly value: string;
}

/** `name` is a checked one, as `IssueRequest.names` has them: lower case, an address in its shortest form (RFC 5952). */
export function identifierOf(name: string): Identifier {
  return { type: parseIp(name) === undefined ? "dns" : "ip", value: name };
}

/**
 * Returns the name that a CA sends as SNI to validate it by TLS-ALPN-01: an address is written backwards below `in-addr.arpa` or
 * `ip6.arpa` (RFC 8738 §6).
 *
 * @example
 * serverNameOf({ type: "ip", value: "192.0.2.1" }); // "1.2.0.192.in-addr.arpa"
 */
export function serverNameOf({ type, value }: Identifier): string {
  if (type === "dns") return value;
  const bytes = parseIp(value) ?? new Uint8Array(4);
  if (bytes.length === 4) return `${[...bytes].reverse().join(".")}.in-addr.arpa`;
  const digits = Buffer.from(bytes).toString("hex").split("").reverse();
  return `${digits.join(".")}.ip6.arpa`;
}
