/** Floor 1: bytes ⇄ values, one file a format. Pure: nothing here opens anything, waits or asks for the time. */
export type { Complete, Decoded, Incomplete, Refused } from "./decoded.ts";
export {
  type CutResult,
  DEFAULT_MAX_FRAME_BYTES,
  type DelimiterOptions,
  delimiter,
  FRAME_BAD_LENGTH,
  FRAME_TOO_LONG,
  FrameCutter,
  type Framing,
  fixed,
  type LengthPrefix,
  type LengthPrefixedOptions,
  type LinesOptions,
  lengthPrefixed,
  lines,
  type OnFrame,
  type Span,
  unframed,
  writeLengthPrefix,
} from "./framing/mod.ts";
export { formatIp, isMappedIpv4, parseIp } from "./ip-address.ts";
