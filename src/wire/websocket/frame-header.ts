import { CloseCode } from "./close-code.ts";
import { FIRST_CONTROL_OPCODE, isOpcode, MAX_CONTROL_BYTES, Opcode } from "./opcode.ts";

/** Longest header: two bytes, eight of length, four of mask. */
export const MAX_FRAME_HEADER_BYTES = 14;

const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const LENGTH_OF_2 = 126;
const LENGTH_OF_8 = 127;
const TWO_TO_32 = 2 ** 32;

/** Refused frames as numbers: the close code to answer with, negated. */
export type FrameError = -1002 | -1009;

/** What a reader accepts. */
export interface FrameLimits {
  /** Servers expect masked frames and clients unmasked ones; anything else ends the connection (RFC 6455 §5.1). */
  readonly isMasked: boolean;
  /** Of one frame. A message of many frames is bounded by `FrameOrder`. */
  readonly maxPayloadBytes: number;
}

/**
 * Header of a frame (RFC 6455 §5.2), for use again and again.
 *
 * ```text
 *   F rsv opcode │ M length │ length of 2 or 8 bytes │ mask of 4 │ payload
 *   1 3   4 bits │ 1 7 bits │ where length is 126/127│ where M   │
 * ```
 */
export class FrameHeader {
  isFinal = false;
  opcode: Opcode = Opcode.text;
  payloadBytes = 0;
  /** The four bytes of the mask as one number, first byte highest; 0 where the frame is not masked. */
  mask = 0;
}

/**
 * Reads a frame header from `bytes[from, to)`. No extension is spoken, so that reserved bits are errors; so are lengths that are not
 * written in their shortest form, and control frames that are long or fragmented.
 *
 * @returns the header's length; 0 while it is incomplete; or a `FrameError`
 */
export function readFrameHeader(
  header: FrameHeader,
  bytes: Uint8Array,
  from: number,
  to: number,
  limits: FrameLimits,
): number {
  if (to - from < 2) return 0;
  const first = bytes[from]!;
  const second = bytes[from + 1]!;
  const opcode = first & 0x0f;
  const shortLength = second & 0x7f;
  if ((first & RESERVED) !== 0 || !isOpcode(opcode)) return -CloseCode.protocolError;
  if (((second & MASKED) !== 0) !== limits.isMasked) return -CloseCode.protocolError;
  header.isFinal = (first & FINAL) !== 0;
  header.opcode = opcode;
  if (opcode >= FIRST_CONTROL_OPCODE && (!header.isFinal || shortLength > MAX_CONTROL_BYTES))
    return -CloseCode.protocolError;
  const lengthBytes = shortLength < LENGTH_OF_2 ? 0 : shortLength === LENGTH_OF_2 ? 2 : 8;
  const maskStart = from + 2 + lengthBytes;
  if (to < maskStart) return 0;
  const payloadBytes = lengthBytes === 0 ? shortLength : readLength(bytes, from + 2, lengthBytes);
  if (payloadBytes < 0) return -CloseCode.protocolError;
  if (payloadBytes > limits.maxPayloadBytes) return -CloseCode.messageTooBig;
  header.payloadBytes = payloadBytes;
  header.mask = 0;
  if (!limits.isMasked) return maskStart - from;
  if (to < maskStart + 4) return 0;
  header.mask = readUint32(bytes, maskStart);
  return maskStart + 4 - from;
}

/** Returns a length of 2 or 8 bytes; -1 when it is not in its shortest form, or has the highest bit set. */
function readLength(bytes: Uint8Array, at: number, size: number): number {
  if (size === 2) {
    const length = bytes[at]! * 256 + bytes[at + 1]!;
    return length < LENGTH_OF_2 ? -1 : length;
  }
  const high = readUint32(bytes, at);
  const length = high * TWO_TO_32 + readUint32(bytes, at + 4);
  // Lengths above 2^53 are not exact, but larger than any limit.
  return high > 0x7fff_ffff || length < 65_536 ? -1 : length;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/**
 * Writes a frame header at `at`.
 *
 * @param mask four bytes as one number, of clients only
 * @returns the position behind it
 */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  header: { readonly opcode: Opcode; readonly payloadBytes: number; readonly isFinal?: boolean },
  mask?: number,
): number {
  const { opcode, payloadBytes, isFinal = true } = header;
  const maskBit = mask === undefined ? 0 : MASKED;
  target[at] = (isFinal ? FINAL : 0) | opcode;
  let end = at + 2;
  if (payloadBytes < LENGTH_OF_2) target[at + 1] = maskBit | payloadBytes;
  else if (payloadBytes < 65_536) {
    target[at + 1] = maskBit | LENGTH_OF_2;
    target[end] = payloadBytes >> 8;
    target[end + 1] = payloadBytes & 0xff;
    end += 2;
  } else {
    target[at + 1] = maskBit | LENGTH_OF_8;
    end = writeUint32(target, end, Math.floor(payloadBytes / TWO_TO_32));
    end = writeUint32(target, end, payloadBytes % TWO_TO_32);
  }
  return mask === undefined ? end : writeUint32(target, end, mask);
}

function writeUint32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}
