import { TenkError } from "../../base/mod.ts";
import {
  bytesOf,
  checkedBytes,
  DEFAULT_MAX_FRAME_BYTES,
  FRAME_BAD_LENGTH,
  FRAME_TOO_LONG,
  type Framing,
} from "./framing.ts";

/** Format of the length field in front of a payload. */
export interface LengthPrefix {
  /** Bytes of the length field. @default {4} */
  lengthBytes?: 1 | 2 | 4 | 8;
  /** Byte order: the highest byte first (`big`, network order) or the lowest first. @default {"big"} */
  endian?: "big" | "little";
  /** Whether the length includes its own field. @default {false} */
  includesItself?: boolean;
}

export interface LengthPrefixedOptions extends LengthPrefix {
  /** Longest payload, without the length field. @default {65536} */
  maxBytes?: number;
}

/**
 * Returns the framing whose frames begin with their length.
 *
 * @throws {TenkError} `invalid-option` when an option is out of its range
 * @example
 * lengthPrefixed({ lengthBytes: 2 }).encode("hello"); // new Uint8Array([0, 5, 104, 101, 108, 108, 111])
 */
export function lengthPrefixed(options: LengthPrefixedOptions = {}): Framing {
  const prefix = checkedPrefix(options);
  const { lengthBytes, endian, includesItself } = prefix;
  const maxBytes = checkedBytes("maxBytes", options.maxBytes ?? DEFAULT_MAX_FRAME_BYTES);
  const isLittle = endian === "little";
  const extra = includesItself ? 0 : lengthBytes;
  return {
    maxFrameBytes: maxBytes + lengthBytes,
    measure(bytes, at, end, _scanned, span) {
      if (end - at < lengthBytes) return 0;
      const whole = readLength(bytes, at, lengthBytes, isLittle) + extra;
      if (whole < lengthBytes) return FRAME_BAD_LENGTH;
      if (whole > maxBytes + lengthBytes) return FRAME_TOO_LONG;
      if (whole > end - at) {
        span.end = whole;
        return 0;
      }
      span.start = at + lengthBytes;
      span.end = at + whole;
      return whole;
    },
    encode(payload) {
      const content = bytesOf(payload);
      if (content.length > maxBytes) throw tooLong(content.length, maxBytes);
      const frame = new Uint8Array(lengthBytes + content.length);
      frame.set(content, writeLengthPrefix(frame, 0, content.length, prefix));
      return frame;
    },
  };
}

/**
 * Writes the length field of a frame with a payload of `payloadBytes`, for a writer that sends the payload separately, without
 * copying it into a frame.
 *
 * @returns the bytes written
 * @throws {TenkError} `invalid-option` when the length does not fit into the field
 * @example
 * const field = new Uint8Array(2); // new Uint8Array([0, 0])
 * writeLengthPrefix(field, 0, 258, { lengthBytes: 2 }); // 2
 */
export function writeLengthPrefix(
  target: Uint8Array,
  at: number,
  payloadBytes: number,
  options: LengthPrefix = {},
): number {
  const { lengthBytes, endian, includesItself } = checkedPrefix(options);
  let value = payloadBytes + (includesItself ? lengthBytes : 0);
  const most = 2 ** Math.min(53, lengthBytes * 8) - 1;
  if (!(Number.isInteger(payloadBytes) && payloadBytes >= 0 && value <= most)) throw tooLong(payloadBytes, most);
  for (let index = 0; index < lengthBytes; index++) {
    target[at + (endian === "little" ? index : lengthBytes - 1 - index)] = value % 256;
    value = Math.floor(value / 256);
  }
  return lengthBytes;
}

/** Lengths above 2^53 lose their last digits, but are far beyond every limit: no BigInt is needed to refuse them. */
function readLength(bytes: Uint8Array, at: number, lengthBytes: number, isLittle: boolean): number {
  let value = 0;
  for (let index = 0; index < lengthBytes; index++) {
    value = value * 256 + bytes[at + (isLittle ? lengthBytes - 1 - index : index)]!;
  }
  return value;
}

function checkedPrefix(options: LengthPrefix): Required<LengthPrefix> {
  const { lengthBytes = 4, endian = "big", includesItself = false } = options;
  if (![1, 2, 4, 8].includes(lengthBytes)) {
    throw new TenkError(
      "invalid-option",
      `Cannot frame: lengthBytes must be 1, 2, 4 or 8, current value is ${lengthBytes}`,
    );
  }
  if (endian !== "big" && endian !== "little") {
    throw new TenkError(
      "invalid-option",
      `Cannot frame: endian must be "big" or "little", current value is "${endian}"`,
    );
  }
  return { lengthBytes, endian, includesItself };
}

function tooLong(bytes: number, most: number): TenkError {
  return new TenkError("invalid-option", `Cannot encode a frame of ${bytes} bytes: at most ${most} fit`, {
    hint: "raise maxBytes, or use a wider length field",
  });
}
