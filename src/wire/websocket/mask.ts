/**
 * Masks or unmasks bytes in place (RFC 6455 §5.3).
 *
 * @param mask four bytes as one number, first byte highest
 * @param offset payload bytes of the frame that came before, where it comes in pieces
 */
export function applyMask(bytes: Uint8Array, from: number, to: number, mask: number, offset = 0): void {
  const turn = (offset & 3) * 8;
  const turned = turn === 0 ? mask : (mask << turn) | (mask >>> (32 - turn));
  const first = turned >>> 24;
  const second = (turned >>> 16) & 0xff;
  const third = (turned >>> 8) & 0xff;
  const fourth = turned & 0xff;
  let at = from;
  for (; at + 3 < to; at += 4) {
    bytes[at]! ^= first;
    bytes[at + 1]! ^= second;
    bytes[at + 2]! ^= third;
    bytes[at + 3]! ^= fourth;
  }
  if (at < to) bytes[at]! ^= first;
  if (at + 1 < to) bytes[at + 1]! ^= second;
  if (at + 2 < to) bytes[at + 2]! ^= third;
}
