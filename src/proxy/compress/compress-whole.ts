import { constants, gzip, gzipSync, zstdCompress, zstdCompressSync } from "node:zlib";
import type { Coding } from "./accept-encoding.ts";

/** Compresses content that is kept and sent often, so harder than what is sent once. On a thread of the runtime. */
export function compressWhole(content: Uint8Array, coding: Coding): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, result: Uint8Array) => (error === null ? resolve(result) : reject(error));
    if (coding === "zstd") zstdCompress(content, { params: { [constants.ZSTD_c_compressionLevel]: 9 } }, done);
    else gzip(content, { level: 8 }, done);
  });
}

/** Compresses little content on this thread: 64 KiB take half a millisecond. */
export function compressNow(content: Uint8Array, coding: Coding): Uint8Array {
  if (coding === "gzip") return gzipSync(content, { level: 1 });
  return zstdCompressSync(content, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}
