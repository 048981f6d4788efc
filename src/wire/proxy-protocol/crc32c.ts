/** CRC-32C (Castagnoli), bits reflected, as in RFC 4960 Appendix B. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/**
 * Computes the checksum of a PROXY header. The four bytes at `fieldAt`, the checksum's own field, count as zeros
 * (proxy-protocol §2.2.3).
 */
export function headerChecksum(header: Uint8Array, fieldAt: number): number {
  let crc = 0xffffffff;
  for (let index = 0; index < header.length; index++) {
    const byte = index >= fieldAt && index < fieldAt + 4 ? 0 : header[index]!;
    crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
