import { LINE_EXTRA_BYTES } from "./line-table.ts";

/** Numbers of a field: start and end of its name, start and end of its value, id of the name. */
export const FIELD = 5;

export interface FieldSectionLimits {
  /** Bytes of all lines `name: value\r\n`. A peer that obeys a SETTINGS_MAX_HEADER_LIST_SIZE of this size never passes it. */
  maxBytes: number;
  maxFields: number;
  /** Bytes of a field block, as it came. */
  maxBlockBytes: number;
}

/**
 * The decoded fields of one block: a line `name: value\r\n` for each, pseudo-fields too, and a table of offsets. One serves all
 * connections of an event loop, until the next block is decoded.
 */
export class FieldSection {
  readonly bytes: Uint8Array;
  readonly fields: Int32Array;
  readonly limits: Readonly<FieldSectionLimits>;
  count = 0;
  length = 0;
  /** A name or value that HTTP/2 forbids (RFC 9113 §8.2.1) was among them. */
  isMalformed = false;
  /** There were more than the limits allow; those that were too much are not here. */
  isTooLarge = false;

  constructor(limits: FieldSectionLimits) {
    this.limits = limits;
    // A literal is decoded in place, behind the lines that are kept: it comes from one block, and grows by 8/5 at most. And
    // cookies are joined there.
    this.bytes = new Uint8Array(
      limits.maxBytes + Math.max(limits.maxBytes, Math.ceil(limits.maxBlockBytes * 1.6)) + 256,
    );
    this.fields = new Int32Array(limits.maxFields * FIELD);
  }

  clear(): void {
    this.count = 0;
    this.length = 0;
    this.isMalformed = false;
    this.isTooLarge = false;
  }

  /** Copies a line of a table. */
  copy(source: Uint8Array, start: number, nameBytes: number, valueBytes: number, id: number): void {
    const length = nameBytes + valueBytes + LINE_EXTRA_BYTES;
    // Checked before the copy: a thousand references to a large line cost no more than their own bytes.
    if (!this.#fits(length)) return;
    const { bytes } = this;
    const at = this.length;
    if (length > 100) bytes.set(source.subarray(start, start + length), at);
    else for (let index = 0; index < length; index++) bytes[at + index] = source[start + index]!;
    this.#list(nameBytes, valueBytes, id);
  }

  /** Keeps a line that stands in `bytes` behind the others. */
  accept(nameBytes: number, valueBytes: number, id: number): void {
    if (this.#fits(nameBytes + valueBytes + LINE_EXTRA_BYTES)) this.#list(nameBytes, valueBytes, id);
  }

  #fits(length: number): boolean {
    if (this.length + length <= this.limits.maxBytes && this.count < this.limits.maxFields) return true;
    this.isTooLarge = true;
    return false;
  }

  #list(nameBytes: number, valueBytes: number, id: number): void {
    const place = this.count * FIELD;
    const start = this.length;
    const { fields } = this;
    fields[place] = start;
    fields[place + 1] = start + nameBytes;
    fields[place + 2] = start + nameBytes + 2;
    fields[place + 3] = start + nameBytes + 2 + valueBytes;
    fields[place + 4] = id;
    this.count += 1;
    this.length = start + nameBytes + valueBytes + LINE_EXTRA_BYTES;
  }
}
