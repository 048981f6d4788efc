/** HTTP/2 (RFC 9113) and HPACK (RFC 7541): frames, settings and fields, bytes ⇄ values. */
export { HpackDecoder } from "./decoder.ts";
export { FIELD_OVERHEAD_BYTES, HpackEncoder } from "./encoder.ts";
export { Pseudo } from "./field-id.ts";
export { FIELD, FieldSection, type FieldSectionLimits } from "./field-section.ts";
