import { skipName } from "./compressed-name.ts";
import { readUint16 } from "./integers.ts";
import type { Message } from "./message.ts";
import { findParameter, SvcKey } from "./rdata/mod.ts";
import { RecordClass, RecordType } from "./record-type.ts";

/**
 * Addresses that a name of the Internet has no business to have: those of this machine, of this link and of private networks. A page
 * whose name gets one of them can reach what is in the house (DNS rebinding).
 */

/** 64:ff9b::/96, by which IPv4 is reached from networks that have only IPv6 (RFC 6052). */
const NAT64 = [0, 0x64, 0xff, 0x9b];

/** 0/8, 10/8, 127/8, 169.254/16, 172.16/12, 192.168/16 and the broadcast address. */
export function isPrivateIpv4(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!;
  const second = bytes[at + 1]!;
  switch (first) {
    case 0:
    case 10:
    case 127:
      return true;
    case 169:
      return second === 254;
    case 172:
      return second >= 16 && second <= 31;
    case 192:
      return second === 168;
    default:
      return first === 255 && second === 255 && bytes[at + 2] === 255 && bytes[at + 3] === 255;
  }
}

/** ::, ::1, fc00::/7, fe80::/10, fec0::/10, and those that stand for a private address of IPv4: mapped, compatible, NAT64. */
export function isPrivateIpv6(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!;
  if ((first & 0xfe) === 0xfc || (first === 0xfe && bytes[at + 1]! >= 0x80)) return true;
  if (first !== 0) return false;
  let place = at;
  const isNat64 = NAT64.every((byte, index) => bytes[at + index] === byte);
  if (isNat64) place = at + 4;
  while (place < at + 10) if (bytes[place++] !== 0) return false;
  const middle = readUint16(bytes, at + 10);
  if (middle !== 0 && (isNat64 || middle !== 0xffff)) return false;
  // :: and ::1 are compatible addresses below 0.0.0.0/8.
  return isPrivateIpv4(bytes, at + 12);
}

/** Returns whether a record gives a private address to its name: A, AAAA, or a hint of SVCB or HTTPS. */
export function givesPrivateAddress(message: Message, bytes: Uint8Array, index: number): boolean {
  const { records } = message;
  if (records.class(index) !== RecordClass.in) return false;
  const at = records.rdataFrom(index);
  const to = records.rdataTo(index);
  switch (records.type(index)) {
    case RecordType.a:
      return isPrivateIpv4(bytes, at);
    case RecordType.aaaa:
      return isPrivateIpv6(bytes, at);
    case RecordType.svcb:
    case RecordType.https: {
      const parametersAt = skipName(bytes, at + 2);
      return (
        hasPrivateHint(bytes, parametersAt, to, SvcKey.ipv4hint, 4) ||
        hasPrivateHint(bytes, parametersAt, to, SvcKey.ipv6hint, 16)
      );
    }
    default:
      return false;
  }
}

function hasPrivateHint(bytes: Uint8Array, at: number, to: number, key: number, width: number): boolean {
  const hintsAt = findParameter(bytes, at, to, key);
  if (hintsAt < 0) return false;
  const hintsEnd = hintsAt + readUint16(bytes, hintsAt - 2);
  for (let place = hintsAt; place < hintsEnd; place += width) {
    if (width === 4 ? isPrivateIpv4(bytes, place) : isPrivateIpv6(bytes, place)) return true;
  }
  return false;
}
