/** Bytes as text in records: hexadecimal digits, base64, and base32 with the alphabet whose order is that of the bytes (RFC 4648 §7). */

const BASE32HEX = "0123456789abcdefghijklmnopqrstuv";

export function hexText(bytes: Uint8Array, at: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, to - at).toString("hex");
}

export function base64Text(bytes: Uint8Array, at: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, to - at).toString("base64");
}

export function base32HexText(bytes: Uint8Array, at: number, to: number): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (; at < to; at++) {
    value = ((value << 8) | bytes[at]!) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32HEX[(value >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + BASE32HEX[(value << (5 - bits)) & 31] : text;
}

// What is no such text is undefined.

export function parseHex(text: string): Uint8Array | undefined {
  return /^([0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text, "hex") : undefined;
}

export function parseBase64(text: string): Uint8Array | undefined {
  const isBase64 = text.length % 4 === 0 && /^[0-9A-Za-z+/]*={0,2}$/.test(text);
  return isBase64 ? Buffer.from(text, "base64") : undefined;
}

export function parseBase32Hex(text: string): Uint8Array | undefined {
  if (!/^[0-9a-vA-V]+$/.test(text)) return undefined;
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text.toLowerCase()) {
    value = ((value << 5) | BASE32HEX.indexOf(character)) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 255);
    }
  }
  // Digits that are left over stand for nothing, and are zero.
  return bits < 5 && (value & ((1 << bits) - 1)) === 0 ? Uint8Array.from(bytes) : undefined;
}
