import { complete, type Decoded, INCOMPLETE, refused } from "../decoded.ts";

const HANDSHAKE = 22;
const MAJOR_VERSION = 3;
const HEAD_BYTES = 5;
/** RFC 8446 §5.1: a record carries at most 2^14 bytes. */
const MAX_RECORD_BYTES = 16_384;

type RecordRefusal = "not-tls" | "too-long" | "malformed";

/**
 * Returns the first `count` bytes of the handshake, which may lie in several records (RFC 8446 §5.1), and their `length` on the
 * wire. The result is a view when they lie in one record, as almost always, else a copy.
 *
 * ```text
 *   │ 22 │ 3 │ x │ length 2 │ fragment │ 22 │ 3 │ x │ length 2 │ fragment │ …
 * ```
 */
export function joinRecords(bytes: Uint8Array, count: number, maxBytes: number): Decoded<Uint8Array, RecordRefusal> {
  let have = 0;
  for (let at = 0; ; ) {
    if (at + HEAD_BYTES > maxBytes) return refused("too-long");
    if (wrongHead(bytes, at)) return refused("not-tls");
    if (at + HEAD_BYTES > bytes.length) return INCOMPLETE;
    const length = lengthAt(bytes, at);
    // Empty handshake fragments are forbidden (§5.1); with them a client could send without end.
    if (length === 0 || length > MAX_RECORD_BYTES) return refused("malformed");
    const take = Math.min(length, count - have);
    const end = at + HEAD_BYTES + take;
    if (end > maxBytes) return refused("too-long");
    if (end > bytes.length) return INCOMPLETE;
    have += take;
    if (have === count) return complete(fragments(bytes, count), end);
    at = end;
  }
}

/** Copies only when the bytes lie in several records. */
function fragments(bytes: Uint8Array, count: number): Uint8Array {
  if (lengthAt(bytes, 0) >= count) return bytes.subarray(HEAD_BYTES, HEAD_BYTES + count);
  const joined = new Uint8Array(count);
  for (let at = 0, have = 0; have < count; ) {
    const take = Math.min(lengthAt(bytes, at), count - have);
    joined.set(bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + take), have);
    have += take;
    at += HEAD_BYTES + take;
  }
  return joined;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return (bytes[at + 3]! << 8) | bytes[at + 4]!;
}

/** Whether the received part of a record's header cannot belong to a handshake. */
function wrongHead(bytes: Uint8Array, at: number): boolean {
  return (at < bytes.length && bytes[at] !== HANDSHAKE) || (at + 1 < bytes.length && bytes[at + 1] !== MAJOR_VERSION);
}
