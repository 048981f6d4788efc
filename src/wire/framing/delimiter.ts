import { TenkError } from "../../base/mod.ts";
import {
  bytesOf,
  checkedBytes,
  DEFAULT_MAX_FRAME_BYTES,
  FRAME_TOO_LONG,
  type Framing,
  indexOfByte,
  readableBack,
} from "./framing.ts";

/** Bounds the work: at worst each byte of a stream is compared with each byte of the delimiter. */
const MAX_DELIMITER_BYTES = 32;

export interface DelimiterOptions {
  /** Longest payload, without the delimiter. @default {65536} */
  maxBytes?: number;
  /** Keeps the delimiter on each frame. A payload to encode must then have it as well. @default {false} */
  keepEnd?: boolean;
}

/**
 * Returns the framing whose frames end with the given bytes, which are removed.
 *
 * @param mark 1 to 32 bytes
 * @throws {TenkError} `invalid-option` when `mark` or `maxBytes` is out of its range
 * @example
 * delimiter("\0").encode("hello").length; // 6
 * delimiter(""); // throws "invalid-option"
 */
export function delimiter(mark: Uint8Array | string, options: DelimiterOptions = {}): Framing {
  const { keepEnd = false } = options;
  const maxBytes = checkedBytes("maxBytes", options.maxBytes ?? DEFAULT_MAX_FRAME_BYTES);
  const ending = checkedMark(bytesOf(mark));
  const [first, markBytes] = [ending[0]!, ending.length];
  const framing: Framing = {
    maxFrameBytes: maxBytes + markBytes,
    measure(bytes, at, end, scanned, span) {
      // A delimiter may begin in the last bytes that were searched.
      let from = at + Math.max(0, scanned - markBytes + 1);
      for (;;) {
        const index = indexOfByte(bytes, first, from, end);
        if (index < 0 || index + markBytes > end) return end - at >= maxBytes + markBytes ? FRAME_TOO_LONG : 0;
        if (isAt(bytes, index, ending)) {
          if (index - at > maxBytes) return FRAME_TOO_LONG;
          span.start = at;
          span.end = keepEnd ? index + markBytes : index;
          return index + markBytes - at;
        }
        from = index + 1;
      }
    },
    encode(payload) {
      const content = bytesOf(payload);
      const frame = new Uint8Array(content.length + (keepEnd ? 0 : markBytes));
      frame.set(content);
      if (!keepEnd) frame.set(ending, content.length);
      return readableBack(framing, frame, 0, content.length);
    },
  };
  return framing;
}

function isAt(bytes: Uint8Array, at: number, mark: Uint8Array): boolean {
  for (let index = 1; index < mark.length; index++) if (bytes[at + index] !== mark[index]) return false;
  return true;
}

function checkedMark(mark: Uint8Array): Uint8Array {
  if (mark.length >= 1 && mark.length <= MAX_DELIMITER_BYTES) return new Uint8Array(mark);
  throw new TenkError(
    "invalid-option",
    `Cannot frame: a delimiter must be 1 to ${MAX_DELIMITER_BYTES} bytes, this one has ${mark.length}`,
  );
}
