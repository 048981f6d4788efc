import { FIELD_NAMES, FieldName, fieldNameText } from "../http1/mod.ts";
import { encodeHuffman, huffmanLength } from "./huffman.ts";
import { writeInteger } from "./integer.ts";
import { ENTRY_OVERHEAD_BYTES, LINE_EXTRA_BYTES, LineTable } from "./line-table.ts";
import { FIRST_DYNAMIC_INDEX, STATIC_NAMES } from "./static-table.ts";

/** Bytes that a field may take beside its name and value. */
export const FIELD_OVERHEAD_BYTES = 16;

/** First bits of a field (RFC 7541 §6). */
const INDEXED = 0x80;
const WITH_INDEXING = 0x40;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const WITHOUT_INDEXING = 0;

const AUTHORITY_NAME = 1;
const METHOD_NAME = 2; // with GET
const PATH_NAME = 4;
const HTTP_SCHEME = 6;
const HTTPS_SCHEME = 7;
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
const PREPARED_LINES = 8;
const SEEN_ONCE = -1;
/** Results of a search for an entry. */
const NOT_THERE = -1;
const UNCERTAIN = -2;
const CASE = 0x20;

/** A name in lower case. */
const scratch = new Uint8Array(20_000);

/**
 * Entries of the block that is being encoded, by whichever encoder: they go into its table when the block is committed. Lines as
 * in the table, and for each the numbers of an entry and its bucket.
 */
const newLines = new Uint8Array(8192);
const newEntries = new Int32Array(32 * 5);
let newCount = 0;
let newLength = 0;
/** Size of the new entries, as the table counts it. */
let newBytes = 0;

/**
 * Encodes the field blocks of one connection, in order (RFC 7541). A field goes into the table when it comes for the second time,
 * so that values which never come again do not push out those that do.
 *
 * ```text
 *   begin ─► status, field, field … ─► commit        without `commit` the block was never: it must not be sent
 * ```
 *
 * The caller provides room: {@link FIELD_OVERHEAD_BYTES} beside name and value for each field, and as much once a block. Only one
 * encoder of an event loop has a block open.
 */
export class HpackEncoder {
  readonly #ownBytes: number;
  readonly #table: LineTable;
  /** The least size of the table since the last block, where it has changed; else -1. The next block says so (§4.2). */
  #leastBytes = -1;
  // By the hash of a field: the hash, and the number of its entry in the order of adding.
  #hashes: Int32Array | undefined;
  #numbers = new Int32Array(0);
  #added = 0;
  /** Lines of which it is known that they are in the table, and the numbers of their entries: a ring. */
  readonly #prepared: (Uint8Array | undefined)[] = new Array(PREPARED_LINES).fill(undefined);
  readonly #preparedNumbers = new Int32Array(PREPARED_LINES);
  #preparedCount = 0;
  /** The number of the entry that `field` referred to last; NOT_THERE where it wrote a literal. */
  #lastNumber = NOT_THERE;

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
    newCount = newLength = newBytes = 0;
    if (this.#leastBytes < 0) return at;
    let end = at;
    if (this.#leastBytes < this.#table.maxBytes) end = writeInteger(out, end, 5, SIZE_UPDATE, this.#leastBytes);
    return writeInteger(out, end, 5, SIZE_UPDATE, this.#table.maxBytes);
  }

  /** The block will be sent, before any other: the peer's table will be as this one is now. */
  commit(): void {
    this.#leastBytes = -1;
    for (let index = 0; index < newCount; index++) {
      const [start, nameBytes, valueBytes, id, bucket] = newEntries.subarray(index * 5, index * 5 + 5);
      this.#table.add(newLines, start!, nameBytes!, valueBytes!, id!);
      this.#numbers[bucket!] = this.#added++;
    }
    newCount = 0;
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

  /** Encodes the method of a request. */
  method(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
    const isGet = to - from === 3 && bytes[from] === 0x47 && bytes[from + 1] === 0x45 && bytes[from + 2] === 0x54;
    out[at] = (isGet ? INDEXED : WITHOUT_INDEXING) | METHOD_NAME;
    return isGet ? at + 1 : text(out, at + 1, bytes, from, to);
  }

  scheme(out: Uint8Array, at: number, isHttps: boolean): number {
    out[at] = INDEXED | (isHttps ? HTTPS_SCHEME : HTTP_SCHEME);
    return at + 1;
  }

  /** Encodes `:path`, whose values seldom come again. */
  path(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
    out[at] = WITHOUT_INDEXING | PATH_NAME;
    return text(out, at + 1, bytes, from, to);
  }

  authority(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
    out[at] = WITHOUT_INDEXING | AUTHORITY_NAME;
    return text(out, at + 1, bytes, from, to);
  }

  /** Encodes a line that was encoded by `field` and `remember` before, by its identity. @returns where it ends, or -1 where it must be encoded by `field` */
  prepared(out: Uint8Array, at: number, line: Uint8Array): number {
    const place = this.#prepared.indexOf(line);
    if (place < 0) return -1;
    const index = this.#added - 1 - this.#preparedNumbers[place]!;
    if (index >= this.#table.count || this.#mayPushOut) return -1;
    return writeInteger(out, at, 7, INDEXED, FIRST_DYNAMIC_INDEX + index + newCount);
  }

  /** The field that was just encoded is all of `line`, which will never change. */
  remember(line: Uint8Array): void {
    if (this.#lastNumber < 0) return;
    const place = this.#preparedCount++ % PREPARED_LINES;
    this.#prepared[place] = line;
    this.#preparedNumbers[place] = this.#lastNumber;
  }

  /** Whether a new entry of this block may push out others. */
  get #mayPushOut(): boolean {
    return newCount > 0 && this.#table.bytes + newBytes > this.#table.maxBytes;
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
    this.#lastNumber = NOT_THERE;
    if (leaves === IN_TABLE && size <= this.#table.maxBytes / 2) {
      const hash = hashOf(bytes, nameStart, nameEnd, valueStart, valueEnd);
      const hashes = this.#hashes ?? this.#firstHashes();
      const bucket = hash & (BUCKETS - 1);
      if (hashes[bucket] !== hash) {
        hashes[bucket] = hash;
        this.#numbers[bucket] = SEEN_ONCE;
      } else {
        const index = this.#find(this.#numbers[bucket]!, bytes, nameStart, nameEnd, valueStart, valueEnd);
        if (index >= 0) {
          this.#lastNumber = this.#numbers[bucket]!;
          return writeInteger(out, at, 7, INDEXED, FIRST_DYNAMIC_INDEX + index);
        }
        if (index === NOT_THERE && keepNew(bytes, nameStart, nameEnd, valueStart, valueEnd, id, bucket))
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

  /** @returns the index that the entry with this number has for the peer; NOT_THERE, or UNCERTAIN */
  #find(
    number: number,
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): number {
    if (number === SEEN_ONCE) return NOT_THERE;
    const table = this.#table;
    const index = this.#added - 1 - number;
    const slot = table.slot(index);
    if (slot < 0) return NOT_THERE;
    const { entries, lines } = table;
    const nameBytes = entries[slot + 1]!;
    if (nameBytes !== nameEnd - nameStart || entries[slot + 2] !== valueEnd - valueStart) return NOT_THERE;
    let at = entries[slot]!;
    for (let place = nameStart; place < nameEnd; place++, at++)
      if (lines[at] !== lower(bytes[place]!)) return NOT_THERE;
    at += 2;
    for (let place = valueStart; place < valueEnd; place++, at++) if (lines[at] !== bytes[place]) return NOT_THERE;
    return this.#mayPushOut ? UNCERTAIN : index + newCount;
  }
}

/** Keeps a field for `commit`. @returns false where there is no room: it then stays a literal */
function keepNew(
  bytes: Uint8Array,
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
  id: number,
  bucket: number,
): boolean {
  const nameBytes = nameEnd - nameStart;
  const valueBytes = valueEnd - valueStart;
  const length = nameBytes + valueBytes + LINE_EXTRA_BYTES;
  if (newLength + length > newLines.length || newCount * 5 === newEntries.length) return false;
  let at = newLength;
  for (let place = nameStart; place < nameEnd; place++) newLines[at++] = lower(bytes[place]!);
  at += 2;
  for (let place = valueStart; place < valueEnd; place++) newLines[at++] = bytes[place]!;
  const place = newCount * 5;
  newEntries[place] = newLength;
  newEntries[place + 1] = nameBytes;
  newEntries[place + 2] = valueBytes;
  newEntries[place + 3] = id;
  newEntries[place + 4] = bucket;
  newCount += 1;
  newLength += length;
  newBytes += nameBytes + valueBytes + ENTRY_OVERHEAD_BYTES;
  return true;
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
