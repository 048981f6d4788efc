/** Asks a service how it is, in its own protocol: the bytes to send, and what its answers mean. No I/O. */
export type { Handshake, HandshakeStep } from "./dialogue.ts";
export {
  beginHandshake,
  HANDSHAKE_KINDS,
  HANDSHAKE_PORTS,
  type HandshakeKind,
  STARTS_TLS,
  TLS_SCHEMES,
} from "./kinds.ts";
export type { HandshakeOptions } from "./options.ts";
export {
  HANDSHAKE_REASONS,
  type HandshakeFacts,
  type HandshakeOutcome,
  type HandshakeReason,
  type HandshakeState,
} from "./outcome.ts";
export { type GreetingKind, recognizeGreeting } from "./recognize.ts";
export { type RecognizingHandshake, recognizingHandshake } from "./recognizing.ts";
