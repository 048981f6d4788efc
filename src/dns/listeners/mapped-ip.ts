import { parseIp } from "../../wire/mod.ts";

/** Returns an address as sixteen bytes, IPv4 as `::ffff:a.b.c.d`; zeros for what is no address. */
export function mappedIp(address: string): Uint8Array {
  const bytes = parseIp(address.split("%")[0] ?? "") ?? new Uint8Array(16);
  return bytes.length === 16 ? bytes : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
}
