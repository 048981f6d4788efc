/** HTTP/2 (RFC 9113) and HPACK (RFC 7541): frames, settings and fields, bytes ⇄ values. */
export { HpackDecoder } from "./decoder.ts";
export { FIELD_OVERHEAD_BYTES, HpackEncoder } from "./encoder.ts";
export { ErrorCode, errorCodeName } from "./error-code.ts";
export { Pseudo } from "./field-id.ts";
export { FIELD, FieldSection, type FieldSectionLimits } from "./field-section.ts";
export {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  FRAME_HEADER_BYTES,
  FrameFlag,
  FrameType,
  frameLength,
  MAX_WINDOW_BYTES,
  PREFACE,
  readUint31,
  readUint32,
  writeFrameHeader,
  writeUint32,
} from "./frame.ts";
export {
  MALFORMED_MESSAGE,
  RequestPseudo,
  readRequestSection,
  readResponseSection,
  readTrailerSection,
} from "./message.ts";
export { encodeSettings, PeerSettings, SettingId } from "./settings.ts";
