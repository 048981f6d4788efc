/** Compression of answers: whether, in which coding, and the content itself. */
export { acceptEncodingOf, type Coding, chooseCoding } from "./accept-encoding.ts";
export { compressNow, compressWhole } from "./compress-whole.ts";
export { CompressedBody, MADE_CODINGS, mayCompress } from "./compressed-body.ts";
export { isCompressibleType, MIN_COMPRESSED_BYTES, VARY_LINE, weakTag } from "./compressible.ts";
export { ForwardedCompression, writeLines } from "./forwarded.ts";
