/** Writes values of D-Bus, little-endian: strings, object paths, signatures, numbers of 32 bits, bytes, and arrays of strings. */
export class ValueWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  align(to: number): void {
    const end = Math.ceil(this.length / to) * to;
    this.#grow(end - this.length);
    this.length = end;
  }

  byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.length++] = value;
  }

  uint32(value: number): void {
    this.align(4);
    this.#grow(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** @param at where `uint32` has written a number */
  patchUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** A string or an object path. */
  string(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.uint32(encoded.length);
    this.#append(encoded);
    this.byte(0);
  }

  signature(text: string): void {
    this.byte(text.length);
    this.#append(new TextEncoder().encode(text));
    this.byte(0);
  }

  strings(texts: readonly string[]): void {
    this.uint32(0);
    const from = this.length;
    for (const text of texts) this.string(text);
    this.patchUint32(from - 4, this.length - from);
  }

  #append(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  #grow(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const before = this.#bytes;
    this.#bytes = new Uint8Array(2 * (this.length + more));
    this.#bytes.set(before);
    this.#view = new DataView(this.#bytes.buffer);
  }
}
