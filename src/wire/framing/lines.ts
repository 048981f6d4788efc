import {
  bytesOf,
  checkedBytes,
  DEFAULT_MAX_FRAME_BYTES,
  FRAME_TOO_LONG,
  type Framing,
  indexOfByte,
  readableBack,
} from "./framing.ts";

const LF = 10;
const CR = 13;

export interface LinesOptions {
  /** Longest line, without its end. @default {65536} */
  maxBytes?: number;
  /** Keeps the end, `\n` or `\r\n`, on each line. A line to encode must then have it as well. @default {false} */
  keepEnd?: boolean;
  /** The end that `encode` writes; both are always read. @default {"\n"} */
  newline?: "\n" | "\r\n";
}

/**
 * Returns the framing of lines that end with `\n` or `\r\n`, which is removed.
 *
 * @throws {TenkError} `invalid-option` when `maxBytes` is not 1 to 1 GiB
 * @example
 * lines().encode("hello").length; // 6
 * lines().encode("two\nlines"); // throws "invalid-option"
 */
export function lines(options: LinesOptions = {}): Framing {
  const { keepEnd = false, newline = "\n" } = options;
  const maxBytes = checkedBytes("maxBytes", options.maxBytes ?? DEFAULT_MAX_FRAME_BYTES);
  const framing: Framing = {
    maxFrameBytes: maxBytes + 2,
    measure(bytes, at, end, scanned, span) {
      const lineFeed = indexOfByte(bytes, LF, at + scanned, end);
      // One byte more than the longest line is allowed: it may be the \r of its end.
      if (lineFeed < 0) return end - at > maxBytes + 1 ? FRAME_TOO_LONG : 0;
      const lineEnd = lineFeed > at && bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
      if (lineEnd - at > maxBytes) return FRAME_TOO_LONG;
      span.start = at;
      span.end = keepEnd ? lineFeed + 1 : lineEnd;
      return lineFeed + 1 - at;
    },
    encode(payload) {
      const line = bytesOf(payload);
      if (keepEnd) return readableBack(framing, new Uint8Array(line), 0, line.length);
      const frame = new Uint8Array(line.length + newline.length);
      frame.set(line);
      for (let index = 0; index < newline.length; index++) frame[line.length + index] = newline.charCodeAt(index);
      return readableBack(framing, frame, 0, line.length);
    },
  };
  return framing;
}
