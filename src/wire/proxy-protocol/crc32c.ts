/** CRC-32C (Castagnoli), bits reflected, as RFC 4960 Appendix B has it. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/**
 * The checksum of a PROXY header in which the four bytes at `fieldAt` count as zeros, since that is where it will stand
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
