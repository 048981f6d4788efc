/** Framings, which define where frames begin and end, and the cutter of each connection, which splits its stream. */
export { type CutResult, FrameCutter, type OnFrame } from "./cutter.ts";
export { type DelimiterOptions, delimiter } from "./delimiter.ts";
export { fixed, unframed } from "./fixed.ts";
export { DEFAULT_MAX_FRAME_BYTES, FRAME_BAD_LENGTH, FRAME_TOO_LONG, type Framing, type Span } from "./framing.ts";
export { type LengthPrefix, type LengthPrefixedOptions, lengthPrefixed, writeLengthPrefix } from "./length-prefixed.ts";
export { type LinesOptions, lines } from "./lines.ts";
