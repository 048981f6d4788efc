import { crc32 } from "node:zlib";
import { ArchiveError, type FileCollector, inflate } from "./archive.ts";

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES] = [30, 46, 22];
/** A comment of 65535 bytes may stand behind the end record. */
const MAX_END_BYTES = END_BYTES + 0xffff;
const ENCRYPTED = 1;
const [STORED, DEFLATED] = [0, 8];
/** File type in the upper half of Unix attributes. */
const [TYPE_MASK, ORDINARY] = [0o170000, 0o100000];

/** One entry of the central directory. */
interface ZipEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly unixType: number;
  /** Where the local header is. */
  readonly at: number;
}

/** Whether the bytes begin as a zip file with an entry does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= END_BYTES && viewOf(bytes).getUint32(0, true) === LOCAL;
}

/**
 * Reads the ordinary files of a zip archive, stored or deflated, by its central directory. Entries that are not wanted are never unpacked.
 *
 * @throws {ArchiveError} also for encrypted files, archives in several parts, and the 64-bit form
 */
export function readZip(bytes: Uint8Array, collector: FileCollector): void {
  const view = viewOf(bytes);
  const { count, at: start } = endRecord(view);
  for (let at = start, left = count; left > 0; left--) {
    if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== CENTRAL) throw broken();
    const nameBytes = view.getUint16(at + 28, true);
    const entry = entryAt(bytes, view, at, nameBytes);
    const path = collector.enter(entry.name);
    const isOrdinary = entry.unixType === 0 || entry.unixType === ORDINARY;
    if (path !== undefined && isOrdinary && !entry.name.endsWith("/")) {
      collector.add(path, contentOf(bytes, view, entry, collector.room()));
    }
    at += CENTRAL_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const broken = () => new ArchiveError("its list of files is broken");

function endRecord(view: DataView): { count: number; at: number } {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, view.byteLength - MAX_END_BYTES); at--) {
    if (view.getUint32(at, true) !== END || view.getUint16(at + 20, true) !== last - at) continue;
    const [disk, count] = [view.getUint16(at + 4, true), view.getUint16(at + 10, true)];
    const start = view.getUint32(at + 16, true);
    if (disk !== 0 || count === 0xffff || start === 0xffffffff)
      throw new ArchiveError("it has several parts, or the 64-bit form: expected a plain zip file");
    return { count, at: start };
  }
  throw new ArchiveError("it ends too early");
}

function entryAt(bytes: Uint8Array, view: DataView, at: number, nameBytes: number): ZipEntry {
  return {
    name: new TextDecoder().decode(bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes)),
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packedBytes: view.getUint32(at + 20, true),
    bytes: view.getUint32(at + 24, true),
    unixType: view.getUint16(at + 40, true) & TYPE_MASK,
    at: view.getUint32(at + 42, true),
  };
}

function contentOf(bytes: Uint8Array, view: DataView, entry: ZipEntry, maxBytes: number): Uint8Array {
  const { at, method, packedBytes } = entry;
  if ((entry.flags & ENCRYPTED) !== 0) throw new ArchiveError("it is encrypted: export it without a password");
  if (at + LOCAL_BYTES > bytes.length || view.getUint32(at, true) !== LOCAL) throw broken();
  const from = at + LOCAL_BYTES + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (from + packedBytes > bytes.length) throw new ArchiveError("it ends within a file");
  if (method !== STORED && method !== DEFLATED)
    throw new ArchiveError("its compression is not known: expected deflate");
  const packed = bytes.subarray(from, from + packedBytes);
  const content = method === STORED ? packed : inflate(packed, Math.min(maxBytes, entry.bytes + 1));
  if (content.length !== entry.bytes || crc32(content) !== entry.crc) throw new ArchiveError("a file in it is damaged");
  return content;
}
