import { MARKER_BYTES, MARKER_DIGITS, MARKER_PREFIX } from "./marker.ts";
import { Pattern } from "./pattern.ts";
import type { ReplyFinder } from "./reply.ts";

/** Finds message markers, each of which says when its message was sent. */
export interface MarkerFinder extends ReplyFinder {
  /** The times of the markers that the last `count` found, in its first entries; borrowed until the next `count`. */
  readonly timestampsUs: Float64Array;
}

const FULL_STOP = 0x2e;

/** The value of a hexadecimal digit, or -1. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * Finds `TCPKaliMsgTS-<16 hexadecimal digits>.` wherever the stream was cut. What only begins like a marker is passed over.
 *
 * ```text
 *   int 0   0 … 12: bytes of the prefix      13 … 29: all of it, and so many digits
 *   int 1   upper 32 bits of the time        int 2   lower 32 bits
 * ```
 *
 * @example
 * messageMarkerFinder().count(new Int32Array(3), 0, new TextEncoder().encode("TCPKaliMsgTS-0000000000000001.")); // 1
 */
export function messageMarkerFinder(): MarkerFinder {
  const prefix = new Pattern(MARKER_PREFIX);
  const withPrefix = MARKER_PREFIX.length;
  const withDigits = withPrefix + MARKER_DIGITS;
  let timestampsUs = new Float64Array(16);

  /** Takes digits from `from` on; the offset behind the marker, or of the byte that belongs to none, or the chunk's length. */
  function readDigits(state: Int32Array, offset: number, bytes: Uint8Array, from: number): number {
    let stage = state[offset]!;
    let high = state[offset + 1]!;
    let low = state[offset + 2]!;
    let at = from;
    for (; at < bytes.length && stage < withDigits; at++, stage++) {
      const digit = digitOf(bytes[at]!);
      // No digit is the prefix's first letter, so the search for the next marker may begin at this very byte.
      if (digit < 0) {
        state[offset] = 0;
        return at;
      }
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    state[offset] = stage;
    state[offset + 1] = high;
    state[offset + 2] = low;
    return at;
  }

  return {
    intsPerConnection: 3,
    get timestampsUs() {
      return timestampsUs;
    },
    count(state, offset, bytes) {
      const most = Math.floor(bytes.length / MARKER_BYTES) + 1;
      if (most > timestampsUs.length) timestampsUs = new Float64Array(most * 2);
      let found = 0;
      let at = 0;
      while (at < bytes.length) {
        const stage = state[offset]!;
        if (stage < withPrefix) {
          at = prefix.findEnd(state, offset, bytes, at);
          if (at < 0) return found;
          state[offset] = withPrefix;
          state[offset + 1] = 0;
          state[offset + 2] = 0;
        } else if (stage < withDigits) {
          at = readDigits(state, offset, bytes, at);
        } else {
          state[offset] = 0;
          if (bytes[at] !== FULL_STOP) continue;
          timestampsUs[found++] = (state[offset + 1]! >>> 0) * 0x1_0000_0000 + (state[offset + 2]! >>> 0);
          at += 1;
        }
      }
      return found;
    },
  };
}
