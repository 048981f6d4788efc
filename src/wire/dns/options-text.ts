import { formatIp } from "../ip-address.ts";
import { EdnsOption, OPTION_HEAD_BYTES } from "./edns-options.ts";
import { extendedErrorName } from "./extended-error.ts";
import { readUint16 } from "./integers.ts";
import { hexText, quoted } from "./rdata/mod.ts";

/** Names of options (IANA), by number. */
const NAMES: Readonly<Record<number, string>> = {
  1: "LLQ",
  2: "UPDATE-LEASE",
  3: "NSID",
  5: "DAU",
  6: "DHU",
  7: "N3U",
  8: "ECS",
  9: "EXPIRE",
  10: "COOKIE",
  11: "KEEPALIVE",
  12: "PADDING",
  13: "CHAIN",
  14: "KEY-TAG",
  15: "EDE",
  18: "REPORT-CHANNEL",
  19: "ZONEVERSION",
};

/**
 * Returns sound options as one line, for logs and people.
 *
 * @example
 * optionsText(Uint8Array.of(0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2), 0, 11); // "ECS=192.0.2.0/24/0"
 */
export function optionsText(bytes: Uint8Array, at: number, to: number): string {
  const texts = [];
  while (at < to) {
    const code = readUint16(bytes, at);
    const dataAt = at + OPTION_HEAD_BYTES;
    at = dataAt + readUint16(bytes, at + 2);
    const name = NAMES[code] ?? `OPT${code}`;
    texts.push(at === dataAt ? name : `${name}=${optionText(code, bytes, dataAt, at)}`);
  }
  return texts.join(" ");
}

function optionText(code: number, bytes: Uint8Array, at: number, to: number): string {
  switch (code) {
    case EdnsOption.clientSubnet:
      return subnetText(bytes, at, to);
    case EdnsOption.padding:
      return String(to - at);
    case EdnsOption.extendedError: {
      const name = `${readUint16(bytes, at)}, ${extendedErrorName(readUint16(bytes, at))}`;
      return to === at + 2 ? name : `${name}: ${quoted(bytes, at + 2, to)}`;
    }
    default:
      return hexText(bytes, at, to);
  }
}

/** Address, bits of the prefix, bits that the answer is for. */
function subnetText(bytes: Uint8Array, at: number, to: number): string {
  const address = new Uint8Array(readUint16(bytes, at) === 2 ? 16 : 4);
  address.set(bytes.subarray(at + 4, to));
  return `${formatIp(address)}/${bytes[at + 2]}/${bytes[at + 3]}`;
}
