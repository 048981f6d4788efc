import { TenkError } from "../base/mod.ts";
import { isMappedIpv4, parseIp } from "../wire/mod.ts";

interface Range {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/**
 * Whether an address lies in one of the ranges: `192.0.2.1`, `10.0.0.0/8`, `fd00::/8`. An IPv4 peer of a socket for both
 * families (`::ffff:10.0.0.1`) counts as what it is. `unix` stands for peers of a Unix socket, who have no address.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * addressRanges(["10.0.0.0/8"])("10.1.2.3"); // true
 */
export function addressRanges(texts: readonly string[]): (address: string) => boolean {
  const ranges = texts.filter((text) => text !== "unix").map(parseRange);
  const takesUnix = texts.includes("unix");
  return (address) => {
    if (address === "") return takesUnix;
    const parsed = parseIp(address.split("%")[0] ?? "");
    if (parsed === undefined) return false;
    const bytes = isMappedIpv4(parsed) ? parsed.subarray(12) : parsed;
    return ranges.some((range) => contains(range, bytes));
  };
}

function parseRange(text: string): Range {
  const [address = "", length, ...more] = text.split("/");
  const bytes = parseIp(address);
  const most = (bytes?.length ?? 0) * 8;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (bytes !== undefined && more.length === 0 && bits <= most) return { bytes, bits };
  throw new TenkError("invalid-option", `Cannot use "${text}" as a range of addresses`, {
    hint: "write 192.0.2.1, 10.0.0.0/8, fd00::/8, or unix",
  });
}

function contains({ bytes, bits }: Range, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false;
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (bytes[index] !== address[index]) return false;
  const rest = bits & 7;
  return rest === 0 || ((bytes[whole]! ^ address[whole]!) & (0xff << (8 - rest)) & 0xff) === 0;
}
