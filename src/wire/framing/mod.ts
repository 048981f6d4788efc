/** Streams of bytes cut into frames: what begins and ends a frame, and the cutter that each connection has. */
export { type CutResult, FrameCutter, type OnFrame } from "./cutter.ts";
export { type DelimiterOptions, delimiter } from "./delimiter.ts";
export { fixed, unframed } from "./fixed.ts";
export { DEFAULT_MAX_FRAME_BYTES, FRAME_BAD_LENGTH, FRAME_TOO_LONG, type Framing, type Span } from "./framing.ts";
export { type LengthPrefix, type LengthPrefixedOptions, lengthPrefixed, writeLengthPrefix } from "./length-prefixed.ts";
export { type LinesOptions, lines } from "./lines.ts";
