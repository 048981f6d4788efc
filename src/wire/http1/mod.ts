/** HTTP/1.1 messages (RFC 9112) as bytes and offsets: heads, chunked bodies, and the texts of heads. */
export { hostEnd, isAuthority } from "./authority.ts";
export { equalsIgnoringCase, FIELD_VALUE, latin1, sameIgnoringCase, TARGET, TOKEN } from "./characters.ts";
export {
  ChunkedBody,
  type ChunkedBodyLimits,
  REQUEST_BODY_LIMITS,
  RESPONSE_BODY_LIMITS,
  readTrailers,
} from "./chunked-body.ts";
export {
  FIELD_NAMES,
  FieldName,
  type FieldSet,
  FORWARDING,
  fieldNameOf,
  fieldNameText,
  fieldSet,
  HOP_BY_HOP,
} from "./field-name.ts";
export { FIELD_STRIDE, Head } from "./head.ts";
export { HeadAssembler } from "./head-assembler.ts";
export { isIdempotent, Method, methodOf } from "./method.ts";
export { checkFields } from "./read-fields.ts";
export { type HeadLimits, REQUEST_LIMITS, RESPONSE_LIMITS, readRequest, readResponse } from "./read-head.ts";
export { type HeadError, HTTP1_REFUSALS, type Http1Refusal } from "./refusal.ts";
export { type BodyFraming, persists, responseFraming } from "./response-framing.ts";
export { NAMED_STATUSES, statusLine, statusText } from "./status-text.ts";
export { isHttp1 } from "./version.ts";
export {
  copyRun,
  fieldLine,
  isFieldName,
  isFieldValue,
  LAST_CHUNK,
  MAX_CHUNK_HEAD_BYTES,
  writeAscii,
  writeChunkHead,
  writeDecimal,
  writeHex,
} from "./write.ts";
