import { TenkError } from "../../base/mod.ts";
import type { TlsVersion } from "./options.ts";

/** On the wire (RFC 8446 §4.2.1), and what the runtime's `upgradeTLS` takes: it throws on the names. */
export const VERSION_NUMBERS: Readonly<Record<TlsVersion, number>> = { "TLSv1.2": 0x0303, "TLSv1.3": 0x0304 };

/**
 * Protocol names as the extension has them, each behind its length (RFC 7301 §3.1).
 *
 * @throws {TenkError} `invalid-option` for a name that is empty or above 255 bytes
 * @example
 * alpnWire(["h2", "http/1.1"]).toString("latin1"); // "\x02h2\x08http/1.1"
 */
export function alpnWire(names: readonly string[]): Buffer {
  const parts = names.map((name) => {
    const bytes = Buffer.from(name, "latin1");
    if (bytes.length >= 1 && bytes.length <= 255) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    throw new TenkError("invalid-option", `Cannot use alpn name "${name}" as it must have 1 to 255 bytes`);
  });
  return Buffer.concat(parts);
}

/**
 * Returns the first of `ours` that a client offers, or undefined.
 *
 * @param offered as on the wire, see {@link alpnWire}
 * @example
 * commonAlpn(["h2", "chat"], alpnWire(["chat", "h2"])); // "h2"
 */
export function commonAlpn(ours: readonly string[], offered: Uint8Array): string | undefined {
  const names = new Set<string>();
  for (let at = 0; at < offered.length; at += 1 + offered[at]!) {
    names.add(Buffer.from(offered.subarray(at + 1, at + 1 + offered[at]!)).toString("latin1"));
  }
  return ours.find((name) => names.has(name));
}
