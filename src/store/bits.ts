/**
 * Packs integers from 0 to 2^25. A column begins with a byte: 0 for varints of seven bits a byte (good for many small numbers
 * and few large ones), else the width in bits of each number (good for numbers of one size), whichever is shorter.
 */
export class BitWriter {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(maxBytes: number) {
    this.#bytes = new Uint8Array(maxBytes);
  }

  begin(): void {
    this.#length = 0;
  }

  putByte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  putVarint(value: number): void {
    let rest = value;
    for (; rest > 127; rest >>>= 7) this.putByte((rest & 127) | 128);
    this.putByte(rest);
  }

  putColumn(numbers: Int32Array): void {
    let all = 0;
    let asVarints = 0;
    for (const number of numbers) {
      all |= number;
      asVarints += varintBytes(number);
    }
    const width = 32 - Math.clz32(all);
    if (asVarints <= Math.ceil((numbers.length * width) / 8) || width === 0) {
      this.putByte(0);
      for (const number of numbers) this.putVarint(number);
      return;
    }
    this.putByte(width);
    let held = 0;
    let waiting = 0;
    for (const number of numbers) {
      held |= number << waiting;
      for (waiting += width; waiting >= 8; waiting -= 8) {
        this.putByte(held & 255);
        held >>>= 8;
      }
    }
    if (waiting > 0) this.putByte(held & 255);
  }

  /** Returns the bytes without trailing zeros: a reader reads zeros beyond the end. */
  finish(): Uint8Array {
    let length = this.#length;
    while (length > 1 && this.#bytes[length - 1] === 0) length -= 1;
    return this.#bytes.slice(0, length);
  }
}

/** Reads the output of a BitWriter. It terminates for any bytes. */
export class BitReader {
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  varint(): number {
    let value = 0;
    for (let moved = 0; moved < 28; moved += 7) {
      const byte = this.byte();
      value |= (byte & 127) << moved;
      if (byte < 128) break;
    }
    return value;
  }

  column(into: Int32Array): void {
    const width = Math.min(25, this.byte());
    if (width === 0) {
      for (let at = 0; at < into.length; at++) into[at] = this.varint();
      return;
    }
    const mask = 2 ** width - 1;
    let held = 0;
    let waiting = 0;
    for (let at = 0; at < into.length; at++) {
      for (; waiting < width; waiting += 8) held = (held | (this.byte() << waiting)) >>> 0;
      into[at] = held & mask;
      held >>>= width;
      waiting -= width;
    }
  }
}

function varintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;
}
