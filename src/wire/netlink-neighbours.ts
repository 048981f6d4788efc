import { formatIp } from "./ip-address.ts";

/** A machine that this one was in touch with, on the same network. */
export interface Neighbour {
  readonly address: string;
  /** In small letters: `aa:bb:cc:00:11:22`. */
  readonly mac: string;
}

/** Message types of rtnetlink (include/uapi/linux/netlink.h, rtnetlink.h). */
const ERROR = 2;
const DONE = 3;
const NEW_NEIGHBOUR = 28;
const GET_NEIGHBOURS = 30;
/** NLM_F_REQUEST, and NLM_F_DUMP: all there are. */
const DUMP_FLAGS = 0x301;
const HEADER_BYTES = 16;
/** struct ndmsg (include/uapi/linux/neighbour.h). */
const NEIGHBOUR_BYTES = 12;
const STATE_AT = 8;
const ATTRIBUTE_BYTES = 4;
const DESTINATION = 1;
const LINK_ADDRESS = 2;
const MAC_BYTES = 6;
/** States of addresses that were not resolved: NUD_INCOMPLETE, NUD_FAILED, NUD_NOARP. */
const UNRESOLVED = 0x01 | 0x20 | 0x40;

/** Returns the request for the kernel's table of neighbours, IPv4 and IPv6. */
export function neighboursRequest(): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(HEADER_BYTES + NEIGHBOUR_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, GET_NEIGHBOURS, true);
  view.setUint16(6, DUMP_FLAGS, true);
  return bytes;
}

/** Reads a part of the reply and adds its neighbours to `found`. @returns whether it was the last */
export function readNeighbourReply(bytes: Uint8Array, found: Neighbour[]): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    if (type === DONE || type === ERROR || length < HEADER_BYTES || at + length > bytes.length) return true;
    if (type === NEW_NEIGHBOUR) addNeighbour(view, bytes, at + HEADER_BYTES, at + length, found);
    at += aligned(length);
  }
  return false;
}

function addNeighbour(view: DataView, bytes: Uint8Array, at: number, to: number, found: Neighbour[]): void {
  if (to - at < NEIGHBOUR_BYTES || (view.getUint16(at + STATE_AT, true) & UNRESOLVED) !== 0) return;
  let address = "";
  let mac = "";
  for (let place = at + NEIGHBOUR_BYTES; place + ATTRIBUTE_BYTES <= to; ) {
    const length = view.getUint16(place, true);
    const type = view.getUint16(place + 2, true);
    if (length < ATTRIBUTE_BYTES || place + length > to) return;
    const value = bytes.subarray(place + ATTRIBUTE_BYTES, place + length);
    if (type === DESTINATION && (value.length === 4 || value.length === 16)) address = formatIp(value);
    if (type === LINK_ADDRESS && value.length === MAC_BYTES) mac = macText(value);
    place += aligned(length);
  }
  if (address !== "" && mac !== "") found.push({ address, mac });
}

function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Messages and attributes begin at multiples of four. */
function aligned(length: number): number {
  return (length + 3) & ~3;
}
