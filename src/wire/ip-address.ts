const ZERO = 48;

/**
 * Parses an IPv4 address (`192.0.2.1`, RFC 3986 §3.2.2: four decimal numbers without leading zeros) or an IPv6 address
 * (RFC 4291 §2.2, also with an IPv4 tail) in network order; undefined for anything else, such as a name or a zone.
 *
 * @returns 4 or 16 bytes
 * @example
 * parseIp("192.0.2.1"); // new Uint8Array([192, 0, 2, 1])
 * parseIp("192.0.2.01"); // undefined
 */
export function parseIp(text: string): Uint8Array | undefined {
  // 45 = the longest IPv6 address, with an IPv4 tail.
  if (text.length > 45) return undefined;
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    const value = parseDecimal(part, 255);
    if (value < 0) return undefined;
    bytes[index] = value;
  }
  return bytes;
}

/**
 * Parses a decimal number without sign, leading zeros or spaces; -1 for anything else, or for more than `max`.
 *
 * @example
 * parseDecimal("65535", 65_535); // 65535
 * parseDecimal("080", 65_535); // -1
 */
export function parseDecimal(text: string, max: number): number {
  if (text.length === 0 || text.length > 10 || (text.length > 1 && text.charCodeAt(0) === ZERO)) return -1;
  let value = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= max ? value : -1;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for one group of zeros or more (RFC 4291 §2.2), never for none.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** Parses groups separated by colons into bytes; the last group of an address may be an IPv4 address. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (isEnd && index === groups.length - 1 && group.includes(".")) {
      const ipv4 = parseIpv4(group);
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 255);
  }
  return bytes.length <= 16 ? bytes : undefined;
}

/**
 * Formats an address: IPv4 with dots, IPv6 as in RFC 5952 §4 (lower case, the longest run of zero groups as `::`).
 *
 * @param length 4 or 16
 * @example
 * formatIp(new Uint8Array([32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])); // "2001:db8::1"
 */
export function formatIp(bytes: Uint8Array, at = 0, length: number = bytes.length): string {
  if (length === 4) return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
  // RFC 5952 §5: the IPv4 part is written with dots, as the system's inet_ntop does.
  if (isMappedIpv4(bytes, at)) return `::ffff:${formatIp(bytes, at + 12, 4)}`;
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[at + 2 * index]! << 8) | bytes[at + 2 * index + 1]!);
  const [from, count] = longestZeros(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  // RFC 5952 §4.2.2: a single group of zeros is not shortened.
  return count < 2 ? hex(groups) : `${hex(groups.slice(0, from))}::${hex(groups.slice(from + count))}`;
}

/** Whether it is an IPv4 address in IPv6 (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2), as dual-stack sockets report their peers. */
export function isMappedIpv4(bytes: Uint8Array, at = 0): boolean {
  for (let index = 0; index < 10; index++) if (bytes[at + index] !== 0) return false;
  return bytes[at + 10] === 255 && bytes[at + 11] === 255;
}

function longestZeros(groups: readonly number[]): [from: number, count: number] {
  let best: [number, number] = [0, 0];
  let count = 0;
  for (const [index, group] of groups.entries()) {
    count = group === 0 ? count + 1 : 0;
    if (count > best[1]) best = [index - count + 1, count];
  }
  return best;
}
