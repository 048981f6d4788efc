import { applyMask, type Opcode, writeFrameHeader } from "../../wire/websocket/mod.ts";
import type { Masks } from "./masks.ts";

/** Bytes of a client's frame header for so much payload. */
function headerBytes(payloadBytes: number): number {
  return payloadBytes < 126 ? 6 : payloadBytes < 65_536 ? 8 : 14;
}

/** Returns how long a message is in frames of at most `fragmentBytes` of payload each. */
export function framedBytes(payloadBytes: number, fragmentBytes: number): number {
  if (payloadBytes <= fragmentBytes) return headerBytes(payloadBytes) + payloadBytes;
  const whole = Math.floor(payloadBytes / fragmentBytes);
  const rest = payloadBytes - whole * fragmentBytes;
  return whole * headerBytes(fragmentBytes) + (rest > 0 ? headerBytes(rest) : 0) + payloadBytes;
}

/**
 * Writes one masked frame.
 *
 * @param reserved bits, `rsv1` = 4
 * @returns the position behind it
 */
export function writeFrame(
  target: Uint8Array,
  at: number,
  payload: Uint8Array,
  frame: { readonly opcode: number; readonly isFinal: boolean; readonly reserved?: number },
  masks: Masks,
): number {
  const mask = masks.next();
  const { isFinal, reserved = 0 } = frame;
  const start = writeFrameHeader(
    target,
    at,
    { opcode: frame.opcode as Opcode, payloadBytes: payload.length, isFinal },
    mask,
  );
  target[at]! |= reserved << 4;
  target.set(payload, start);
  applyMask(target, start, start + payload.length, mask);
  return start + payload.length;
}

/** Writes a message in frames of at most `fragmentBytes` of payload each. @returns the position behind it */
export function writeMessage(
  target: Uint8Array,
  at: number,
  payload: Uint8Array,
  opcode: Opcode,
  fragmentBytes: number,
  masks: Masks,
): number {
  if (payload.length <= fragmentBytes) return writeFrame(target, at, payload, { opcode, isFinal: true }, masks);
  let end = at;
  for (let from = 0; from < payload.length; from += fragmentBytes) {
    const piece = payload.subarray(from, from + fragmentBytes);
    const isFinal = from + fragmentBytes >= payload.length;
    end = writeFrame(target, end, piece, { opcode: from === 0 ? opcode : 0, isFinal }, masks);
  }
  return end;
}
