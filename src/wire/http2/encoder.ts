import { FIELD_NAMES, FieldName, fieldNameText } from "../http1/mod.ts";
import { encodeHuffman, huffmanLength } from "./huffman.ts";
import { writeInteger } from "./integer.ts";
import { ENTRY_OVERHEAD_BYTES, LineTable } from "./line-table.ts";
import { FIRST_DYNAMIC_INDEX, STATIC_NAMES } from "./static-table.ts";

/** Bytes that a field may take beside its name and value. */
export const FIELD_OVERHEAD_BYTES = 16;

/** First bits of a field (RFC 7541 §6). */
const INDEXED = 0x80;
const WITH_INDEXING = 0x40;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const WITHOUT_INDEXING = 0;

const STATUS_NAME = 8;
const STATUS_INDEX = new Map([200, 204, 206, 304, 400, 404, 500].map((status, index) => [status, STATUS_NAME + index]));
const CONTENT_LENGTH_NAME = STATIC_NAMES.get("content-length")!;

/** Static index of each `FieldName`, 0 = none. */
const STATIC_NAME_OF_ID = new Uint8Array(FIELD_NAMES);
for (let id = 0; id < FIELD_NAMES; id++) STATIC_NAME_OF_ID[id] = STATIC_NAMES.get(fieldNameText(id as FieldName)) ?? 0;

/** How the values of a name are kept: in the table (0), or one of the representations that leave it alone. */
const LEAVES_TABLE = new Uint8Array(FIELD_NAMES);
const IN_TABLE = 0;
const NOT_WORTH_IT = 1; // values that seldom come again
const SECRET = 2; // guesses must not be told from hits (§7.1)
for (const id of [FieldName.contentLength, FieldName.etag, FieldName.lastModified, FieldName.age, FieldName.location])
  LEAVES_TABLE[id] = NOT_WORTH_IT;
for (const id of [FieldName.contentRange, FieldName.ifNoneMatch, FieldName.ifModifiedSince])
  LEAVES_TABLE[id] = NOT_WORTH_IT;
for (const id of [FieldName.setCookie, FieldName.cookie, FieldName.authorization, FieldName.proxyAuthorization])
  LEAVES_TABLE[id] = SECRET;

const BUCKETS = 128;
const SEEN_ONCE = -1;
const CASE = 0x20;

/** A name in lower case, or the line that goes into the table. */
const scratch = new Uint8Array(20_000);

/**
 * Encodes the field blocks of one connection, in order (RFC 7541). A field goes into the table when it comes for the second time,
 * so that values which never come again do not push out those that do.
 *
 * The caller provides room: {@link FIELD_OVERHEAD_BYTES} beside name and value for each field, and as much once a block.
 */
export class HpackEncoder {
  readonly #ownBytes: number;
  readonly #table: LineTable;
  /** Size updates that the next block must begin with (§4.2): the least size since the last block, and the one in force. */
  #leastBytes = -1;
  // By the hash of a field: the hash, and the number of its entry in the order of adding.
  #hashes: Int32Array | undefined;
  #numbers = new Int32Array(0);
  #added = 0;

  constructor(tableBytes = 4096) {
    this.#ownBytes = tableBytes;
    this.#table = new LineTable(tableBytes);
    if (tableBytes < 4096) this.#leastBytes = tableBytes;
  }

  get tableBytes(): number {
    return this.#table.bytes;
  }

  /** Obeys a SETTINGS_HEADER_TABLE_SIZE of the peer. */
  limitTable(peerBytes: number): void {
    const bytes = Math.min(peerBytes, this.#ownBytes);
    if (bytes === this.#table.maxBytes) return;
    this.#leastBytes = this.#leastBytes < 0 ? bytes : Math.min(this.#leastBytes, bytes);
    this.#table.maxBytes = bytes;
  }

  /** Begins a block. @returns where its first field goes */
  begin(out: Uint8Array, at: number): number {
    if (this.#leastBytes < 0) return at;
    let end = at;
    if (this.#leastBytes < this.#table.maxBytes) end = writeInteger(out, end, 5, SIZE_UPDATE, this.#leastBytes);
    this.#leastBytes = -1;
    return writeInteger(out, end, 5, SIZE_UPDATE, this.#table.maxBytes);
  }

  status(out: Uint8Array, at: number, status: number): number {
    const index = STATUS_INDEX.get(status);
    if (index !== undefined) {
      out[at] = INDEXED | index;
      return at + 1;
    }
    out[at] = WITHOUT_INDEXING | STATUS_NAME;
    return writeDigits(out, at + 1, status);
  }

  contentLength(out: Uint8Array, at: number, length: number): number {
    return writeDigits(out, writeInteger(out, at, 4, WITHOUT_INDEXING, CONTENT_LENGTH_NAME), length);
  }

  /** Encodes a field whose name may have capital letters, which HTTP/2 does not allow. */
  field(
    out: Uint8Array,
    at: number,
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    id: number,
  ): number {
    const leaves = LEAVES_TABLE[id]!;
    const size = nameEnd - nameStart + valueEnd - valueStart + ENTRY_OVERHEAD_BYTES;
    let flags = leaves === SECRET ? NEVER_INDEXED : WITHOUT_INDEXING;
    if (leaves === IN_TABLE && size <= this.#table.maxBytes / 2) {
      const hash = hashOf(bytes, nameStart, nameEnd, valueStart, valueEnd);
      const hashes = this.#hashes ?? this.#firstHashes();
      const bucket = hash & (BUCKETS - 1);
      if (hashes[bucket] !== hash) {
        hashes[bucket] = hash;
        this.#numbers[bucket] = SEEN_ONCE;
      } else {
        const index = this.#find(this.#numbers[bucket]!, bytes, nameStart, nameEnd, valueStart, valueEnd);
        if (index >= 0) return writeInteger(out, at, 7, INDEXED, FIRST_DYNAMIC_INDEX + index);
        this.#numbers[bucket] = this.#add(bytes, nameStart, nameEnd, valueStart, valueEnd, id);
        flags = WITH_INDEXING;
      }
    }
    return literal(out, at, flags, bytes, nameStart, nameEnd, valueStart, valueEnd, id);
  }

  #firstHashes(): Int32Array {
    this.#numbers = new Int32Array(BUCKETS).fill(SEEN_ONCE);
    this.#hashes = new Int32Array(BUCKETS);
    return this.#hashes;
  }

  /** @returns the index in the table of the entry with this number, if it is still there and is this field; else -1 */
  #find(
    number: number,
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): number {
    if (number === SEEN_ONCE) return -1;
    const table = this.#table;
    const index = this.#added - 1 - number;
    const slot = table.slot(index);
    if (slot < 0) return -1;
    const { entries, lines } = table;
    const nameBytes = entries[slot + 1]!;
    if (nameBytes !== nameEnd - nameStart || entries[slot + 2] !== valueEnd - valueStart) return -1;
    let at = entries[slot]!;
    for (let place = nameStart; place < nameEnd; place++, at++) if (lines[at] !== lower(bytes[place]!)) return -1;
    at += 2;
    for (let place = valueStart; place < valueEnd; place++, at++) if (lines[at] !== bytes[place]) return -1;
    return index;
  }

  /** @returns the number of the new entry */
  #add(
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    id: number,
  ): number {
    const nameBytes = nameEnd - nameStart;
    const valueBytes = valueEnd - valueStart;
    for (let at = 0; at < nameBytes; at++) scratch[at] = lower(bytes[nameStart + at]!);
    scratch.set(bytes.subarray(valueStart, valueEnd), nameBytes + 2);
    this.#table.add(scratch, 0, nameBytes, valueBytes, id);
    return this.#added++;
  }
}

function literal(
  out: Uint8Array,
  at: number,
  flags: number,
  bytes: Uint8Array,
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
  id: number,
): number {
  const prefixBits = flags === WITH_INDEXING ? 6 : 4;
  const nameIndex = STATIC_NAME_OF_ID[id]!;
  let end = writeInteger(out, at, prefixBits, flags, nameIndex);
  if (nameIndex === 0) {
    const length = nameEnd - nameStart;
    const name = length <= scratch.length ? scratch : new Uint8Array(length);
    for (let index = 0; index < length; index++) name[index] = lower(bytes[nameStart + index]!);
    end = text(out, end, name, 0, length);
  }
  return text(out, end, bytes, valueStart, valueEnd);
}

function text(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  const length = huffmanLength(bytes, from, to);
  if (length < to - from) return encodeHuffman(bytes, from, to, out, writeInteger(out, at, 7, 0x80, length));
  const start = writeInteger(out, at, 7, 0, to - from);
  for (let index = 0; index < to - from; index++) out[start + index] = bytes[from + index]!;
  return start + to - from;
}

function writeDigits(out: Uint8Array, at: number, value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count += 1;
  out[at] = count;
  for (let place = at + count, rest = value; place > at; place--, rest = Math.floor(rest / 10))
    out[place] = 0x30 + (rest % 10);
  return at + 1 + count;
}

/** Names are hashed in lower case, since they are found in lower case. */
function hashOf(bytes: Uint8Array, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): number {
  let hash = nameEnd - nameStart;
  for (let at = nameStart; at < nameEnd; at++) hash = (Math.imul(hash, 31) + lower(bytes[at]!)) | 0;
  for (let at = valueStart; at < valueEnd; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  hash ^= hash >>> 15;
  // 0 stands for an empty bucket.
  return hash === 0 ? 1 : hash;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | CASE : byte;
}
