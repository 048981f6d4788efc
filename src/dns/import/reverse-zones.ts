import { nameText, reverseName } from "../../wire/dns/mod.ts";
import { parseIp } from "../../wire/mod.ts";

/** A network of an odd size would need more zones than anybody reads. */
const MAX_ZONES = 16;

/**
 * Returns the zones that reverse lookups of a network are in: one, or up to sixteen where it ends between two labels. Undefined where
 * the text is no network, or one that no zone stands for.
 *
 * @example
 * reverseZones("192.168.0.0/23"); // ["0.168.192.in-addr.arpa", "1.168.192.in-addr.arpa"]
 */
export function reverseZones(network: string): string[] | undefined {
  const [address = "", length] = network.split("/");
  const bytes = parseIp(address);
  if (bytes === undefined) return undefined;
  const labelBits = bytes.length === 4 ? 8 : 4;
  const bits = length === undefined ? bytes.length * 8 : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (bits < labelBits || bits > bytes.length * 8) return undefined;
  const whole = Math.ceil(bits / labelBits) * labelBits;
  const count = 2 ** (whole - bits);
  if (count > MAX_ZONES) return undefined;
  const labels = whole / labelBits;
  const first = labelOf(bytes, labels - 1, labelBits) & ~(count - 1);
  return Array.from({ length: count }, (_, index) => {
    const each = bytes.slice();
    setLabel(each, labels - 1, labelBits, first + index);
    const all = nameText(reverseName(each)).split(".");
    return all.slice(bytes.length * (8 / labelBits) - labels).join(".");
  });
}

/** Networks of houses (RFC 1918, RFC 4193), as zones. */
export const PRIVATE_ZONES: readonly string[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"].flatMap(
  (network) => reverseZones(network) ?? [],
);

function labelOf(bytes: Uint8Array, label: number, labelBits: number): number {
  if (labelBits === 8) return bytes[label]!;
  return (bytes[label >> 1]! >> (label & 1 ? 0 : 4)) & 15;
}

function setLabel(bytes: Uint8Array, label: number, labelBits: number, value: number): void {
  if (labelBits === 8) bytes[label] = value;
  else if (label & 1) bytes[label >> 1] = (bytes[label >> 1]! & 0xf0) | value;
  else bytes[label >> 1] = (bytes[label >> 1]! & 0x0f) | (value << 4);
}
