import { fieldId, MALFORMED } from "./field-id.ts";
import type { FieldSection } from "./field-section.ts";
import { decodeHuffman } from "./huffman.ts";
import { ENTRY, LineTable } from "./line-table.ts";
import { FIRST_DYNAMIC_INDEX, STATIC_ENTRIES, STATIC_LINES } from "./static-table.ts";
import { isFieldName, isFieldValue } from "./valid.ts";

/** An integer that is too large or not complete, or an invalid text. */
const INVALID = -1;

/**
 * Decodes the field blocks of one connection, in order (RFC 7541). A field that HTTP/2 forbids only marks its section, because the
 * table has to follow the peer's either way.
 *
 * The work and the memory of a block are bounded by its bytes and the section's limits, whatever its references stand for.
 */
export class HpackDecoder {
  readonly #table: LineTable;
  /** SETTINGS_HEADER_TABLE_SIZE that the peer was told. */
  readonly #limitBytes: number;
  // The block that is being decoded.
  #bytes: Uint8Array = STATIC_LINES;
  #at = 0;
  #to = 0;
  /** Bytes of names that were copied from tables. */
  #namesBytes = 0;

  constructor(tableBytes = 4096) {
    this.#limitBytes = tableBytes;
    this.#table = new LineTable(tableBytes);
  }

  /** Size of the table, as RFC 7541 §4.1 counts it. */
  get tableBytes(): number {
    return this.#table.bytes;
  }

  /**
   * Decodes the whole block `bytes[from, to)`.
   *
   * @returns false where it cannot be decoded: COMPRESSION_ERROR, which ends the connection
   */
  decode(bytes: Uint8Array, from: number, to: number, section: FieldSection): boolean {
    section.clear();
    if (to - from > section.limits.maxBlockBytes) return false;
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
    this.#namesBytes = 0;
    let begun = false;
    while (this.#at < to) {
      const first = bytes[this.#at]!;
      if (first >= 0x80) {
        if (!this.#indexed(section)) return false;
        begun = true;
      } else if (first >= 0x20 && first < 0x40) {
        if (begun || !this.#resize()) return false;
      } else {
        if (!this.#literal(section, first >= 0x40)) return false;
        begun = true;
      }
    }
    return this.#at === to;
  }

  /** §6.1 */
  #indexed(section: FieldSection): boolean {
    const index = this.#integer(7);
    if (index <= 0) return false;
    const isStatic = index < FIRST_DYNAMIC_INDEX;
    const entries = isStatic ? STATIC_ENTRIES : this.#table.entries;
    const place = isStatic ? index * ENTRY : this.#table.slot(index - FIRST_DYNAMIC_INDEX);
    if (place < 0) return false;
    const id = entries[place + 3]!;
    if (id === MALFORMED) section.isMalformed = true;
    const lines: Uint8Array = isStatic ? STATIC_LINES : this.#table.lines;
    section.copy(lines, entries[place]!, entries[place + 1]!, entries[place + 2]!, id);
    return true;
  }

  /** §6.2: the line is composed behind those of the section, and kept there if it fits. */
  #literal(section: FieldSection, isIndexed: boolean): boolean {
    const out = section.bytes;
    const start = section.length;
    const index = this.#integer(isIndexed ? 6 : 4);
    if (index < 0) return false;
    let id = MALFORMED;
    let nameEnd: number;
    if (index === 0) {
      nameEnd = this.#text(out, start);
      if (nameEnd < 0) return false;
      if (isFieldName(out, start, nameEnd)) id = fieldId(out, start, nameEnd);
    } else {
      const isStatic = index < FIRST_DYNAMIC_INDEX;
      const entries = isStatic ? STATIC_ENTRIES : this.#table.entries;
      const place = isStatic ? index * ENTRY : this.#table.slot(index - FIRST_DYNAMIC_INDEX);
      if (place < 0) return false;
      const lines: Uint8Array = isStatic ? STATIC_LINES : this.#table.lines;
      const length = entries[place + 1]!;
      const from = entries[place]!;
      // A name of the table may be longer than this block's bytes allow for, and be copied a thousand times.
      this.#namesBytes += length;
      if (this.#namesBytes > out.length || start + length > out.length) return false;
      for (let at = 0; at < length; at++) out[start + at] = lines[from + at]!;
      nameEnd = start + length;
      id = entries[place + 3]!;
    }
    const valueStart = nameEnd + 2;
    const valueEnd = this.#text(out, valueStart);
    if (valueEnd < 0) return false;
    if (!isFieldValue(out, valueStart, valueEnd)) id = MALFORMED;
    out[nameEnd] = 0x3a;
    out[nameEnd + 1] = 0x20;
    out[valueEnd] = 0x0d;
    out[valueEnd + 1] = 0x0a;
    if (id === MALFORMED) section.isMalformed = true;
    section.accept(nameEnd - start, valueEnd - valueStart, id);
    if (isIndexed) this.#table.add(out, start, nameEnd - start, valueEnd - valueStart, id);
    return true;
  }

  /** §6.3 */
  #resize(): boolean {
    const bytes = this.#integer(5);
    if (bytes < 0 || bytes > this.#limitBytes) return false;
    this.#table.maxBytes = bytes;
    return true;
  }

  /** §5.1 */
  #integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    const bytes = this.#bytes;
    let value = bytes[this.#at++]! & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#to) return INVALID;
      const byte = bytes[this.#at++]!;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return INVALID;
  }

  /** §5.2 @returns where the text ends in `out` */
  #text(out: Uint8Array, at: number): number {
    if (this.#at >= this.#to) return INVALID;
    const isHuffman = this.#bytes[this.#at]! >= 0x80;
    const length = this.#integer(7);
    if (length < 0 || length > this.#to - this.#at) return INVALID;
    const from = this.#at;
    this.#at = from + length;
    if (at + (isHuffman ? length * 1.6 : length) + 2 > out.length) return INVALID;
    if (isHuffman) return decodeHuffman(this.#bytes, from, from + length, out, at);
    const bytes = this.#bytes;
    for (let index = 0; index < length; index++) out[at + index] = bytes[from + index]!;
    return at + length;
  }
}
