import { MAX_CHUNK_HEAD_BYTES, writeChunkHead } from "../../wire/http1/mod.ts";

/** Chunks of at most so many bytes are joined with their framing into one write; longer ones are not copied. */
const MAX_JOINED = 16_384;

/** One for the event loop: it is written in the turn in which it is filled. */
const scratch = new Uint8Array(MAX_CHUNK_HEAD_BYTES + MAX_JOINED + 2);
const CRLF = new TextEncoder().encode("\r\n");
const LAST_CHUNK = new TextEncoder().encode("0\r\n");

/** Takes what is written; borrowed until `put` returns. */
export interface ChunkSink {
  put(part: Uint8Array): void;
}

/** Writes `bytes` as one chunk (RFC 9112 §7.1); none of zero length, which would end the body. */
export function writeChunk(bytes: Uint8Array, sink: ChunkSink): void {
  if (bytes.length === 0) return;
  const start = writeChunkHead(scratch, 0, bytes.length);
  if (bytes.length > MAX_JOINED) {
    sink.put(scratch.subarray(0, start));
    sink.put(bytes);
    sink.put(CRLF);
    return;
  }
  scratch.set(bytes, start);
  scratch.set(CRLF, start + bytes.length);
  sink.put(scratch.subarray(0, start + bytes.length + 2));
}

/** Writes the last chunk. @param trailers field lines, each with its CRLF */
export function writeLastChunk(trailers: Uint8Array | undefined, sink: ChunkSink): void {
  sink.put(LAST_CHUNK);
  if (trailers !== undefined) sink.put(trailers);
  sink.put(CRLF);
}
