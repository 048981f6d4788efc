/** WebSocket frames and handshake keys (RFC 6455), without extensions. */
export { type Close, CloseCode, encodeClose, isCloseCode, MAX_REASON_BYTES, readClose } from "./close-code.ts";
export {
  type FrameError,
  FrameHeader,
  type FrameLimits,
  MAX_FRAME_HEADER_BYTES,
  readFrameHeader,
  writeFrameHeader,
} from "./frame-header.ts";
export { FrameOrder } from "./frame-order.ts";
export { type BreakCode, FrameReader, type FrameReaderEvents } from "./frame-reader.ts";
export { isWebSocketKey, webSocketAccept } from "./handshake.ts";
export { applyMask } from "./mask.ts";
export { isOpcode, MAX_CONTROL_BYTES, Opcode } from "./opcode.ts";
export { checkUtf8, UTF8_BETWEEN, UTF8_BROKEN } from "./utf8.ts";
