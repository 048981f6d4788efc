import { complete, type Decoded, INCOMPLETE, refused } from "../decoded.ts";

const HANDSHAKE = 22;
const MAJOR_VERSION = 3;
const HEAD_BYTES = 5;
/** RFC 8446 §5.1: a record carries at most 2^14 bytes. */
const MAX_RECORD_BYTES = 16_384;

type RecordRefusal = "not-tls" | "too-long" | "malformed";

/**
 * The first `wanted` bytes of the handshake, which may lie in several records (RFC 8446 §5.1); `length` is what they take on
 * the wire. In one record, as almost always, it is a view; otherwise a copy.
 *
 * ```text
 *   │ 22 │ 3 │ x │ length 2 │ fragment │ 22 │ 3 │ x │ length 2 │ fragment │ …
 * ```
 */
export function joinRecords(bytes: Uint8Array, wanted: number, maxBytes: number): Decoded<Uint8Array, RecordRefusal> {
  let have = 0;
  for (let at = 0; ; ) {
    if (at + HEAD_BYTES > maxBytes) return refused("too-long");
    if (wrongHead(bytes, at)) return refused("not-tls");
    if (at + HEAD_BYTES > bytes.length) return INCOMPLETE;
    const length = lengthAt(bytes, at);
    // Empty handshake fragments are forbidden (§5.1); they would also be a way to send without end.
    if (length === 0 || length > MAX_RECORD_BYTES) return refused("malformed");
    const take = Math.min(length, wanted - have);
    const end = at + HEAD_BYTES + take;
    if (end > maxBytes) return refused("too-long");
    if (end > bytes.length) return INCOMPLETE;
    have += take;
    if (have === wanted) return complete(fragments(bytes, wanted), end);
    at = end;
  }
}

/** Copies only what lies in several records, and only once it is all there. */
function fragments(bytes: Uint8Array, wanted: number): Uint8Array {
  if (lengthAt(bytes, 0) >= wanted) return bytes.subarray(HEAD_BYTES, HEAD_BYTES + wanted);
  const joined = new Uint8Array(wanted);
  for (let at = 0, have = 0; have < wanted; ) {
    const take = Math.min(lengthAt(bytes, at), wanted - have);
    joined.set(bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + take), have);
    have += take;
    at += HEAD_BYTES + take;
  }
  return joined;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return (bytes[at + 3]! << 8) | bytes[at + 4]!;
}

/** As far as it is there, the head of a record cannot be one of a handshake. */
function wrongHead(bytes: Uint8Array, at: number): boolean {
  return (at < bytes.length && bytes[at] !== HANDSHAKE) || (at + 1 < bytes.length && bytes[at + 1] !== MAJOR_VERSION);
}
