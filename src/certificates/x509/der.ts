/** DER (X.690) as far as certificates and requests for them need it. Lengths up to 65535. */
export type Der = Uint8Array<ArrayBuffer>;

/** One element: tag, length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Der {
  const body = Buffer.concat(content);
  const { length } = body;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return new Uint8Array([tag, ...head, ...body]);
}

export const sequence = (...content: readonly Uint8Array[]): Der => element(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Der => element(0x31, ...content);
export const octetString = (bytes: Uint8Array): Der => element(0x04, bytes);
export const TRUE = element(0x01, new Uint8Array([255]));

/** `used` bits count; the others of the last byte do not. */
export const bitString = (bytes: Uint8Array, used = bytes.length * 8): Der =>
  element(0x03, new Uint8Array([bytes.length * 8 - used]), bytes);

/** Of a positive number in network order. */
export const integer = (bytes: Uint8Array): Der => element(0x02, integerContent(bytes));

/** A byte of zeros comes before a first bit that would mean a negative number. */
export function integerContent(bytes: Uint8Array): Uint8Array {
  return (bytes[0] ?? 0) >= 0x80 ? new Uint8Array([0, ...bytes]) : bytes;
}

/** `2.5.29.17` */
export function objectId(text: string): Der {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  return element(0x06, new Uint8Array([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** A moment in whole seconds: as UTCTime, with two digits of the year, up to 2049, then as GeneralizedTime (RFC 5280 §4.1.2.5). */
export function time(ms: number): Der {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  const isShort = text < "2050";
  return element(isShort ? 0x17 : 0x18, Buffer.from(isShort ? text.slice(2) : text, "latin1"));
}

/** The elements one after the other in `bytes`; stops at the first that is cut off. */
export function elements(bytes: Uint8Array): { tag: number; value: Uint8Array }[] {
  const found = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const tag = bytes[at]!;
    let length = bytes[at + 1]!;
    let start = at + 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 2 || start + count > bytes.length) break;
      length = count === 1 ? bytes[start]! : bytes[start]! * 256 + bytes[start + 1]!;
      start += count;
    }
    if (start + length > bytes.length) break;
    found.push({ tag, value: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
