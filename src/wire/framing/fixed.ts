import { TenkError } from "../../base/mod.ts";
import { bytesOf, checkedBytes, type Framing } from "./framing.ts";

/**
 * Returns the framing whose frames all have one size.
 *
 * @throws {TenkError} `invalid-option` when `sizeBytes` is not 1 to 1 GiB
 * @example
 * fixed(4).maxFrameBytes; // 4
 * fixed(4).encode("hello"); // throws "invalid-option"
 */
export function fixed(sizeBytes: number): Framing {
  checkedBytes("the size of a frame", sizeBytes);
  return {
    maxFrameBytes: sizeBytes,
    measure(_bytes, at, end, _scanned, span) {
      span.end = sizeBytes;
      if (end - at < sizeBytes) return 0;
      span.start = at;
      span.end = at + sizeBytes;
      return sizeBytes;
    },
    encode(payload) {
      const content = bytesOf(payload);
      if (content.length === sizeBytes) return new Uint8Array(content);
      throw new TenkError(
        "invalid-option",
        `Cannot encode a frame of ${content.length} bytes: this framing has frames of exactly ${sizeBytes}`,
      );
    },
  };
}

/**
 * Returns the framing that passes bytes through as they come. For a stream that is framed at first and then carries something
 * else, such as a tunnel behind a greeting.
 */
export function unframed(): Framing {
  return {
    // No frame is ever incomplete, so no bytes are kept.
    maxFrameBytes: 1,
    measure(_bytes, at, end, _scanned, span) {
      span.start = at;
      span.end = end;
      return end - at;
    },
    encode: (payload) => new Uint8Array(bytesOf(payload)),
  };
}
