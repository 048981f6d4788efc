/** Why a connection ends (RFC 6455 §7.4.1 and the registry). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never sent: a close frame without a code. */
  none: 1005,
  /** Never sent: the connection ended without a close frame. */
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  missingExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
} as const;

/** Longest reason of a close frame, in bytes of UTF-8. */
export const MAX_REASON_BYTES = 123;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Returns whether a close frame may carry a code (RFC 6455 §7.4): a registered one, or one of libraries and applications. */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== CloseCode.none && code !== CloseCode.abnormal;
}

/** Content of a close frame. */
export interface Close {
  /** `CloseCode.none` when the frame is empty. */
  readonly code: number;
  readonly reason: string;
}

/**
 * Reads the payload of a close frame, unmasked.
 *
 * @returns its content, or the code to close with instead: a payload of one byte, a code that no frame may carry, no UTF-8
 */
export function readClose(bytes: Uint8Array, from: number, to: number): Close | -1002 | -1007 {
  if (from === to) return { code: CloseCode.none, reason: "" };
  if (to - from === 1) return -CloseCode.protocolError as -1002;
  const code = bytes[from]! * 256 + bytes[from + 1]!;
  if (!isCloseCode(code)) return -CloseCode.protocolError as -1002;
  try {
    return { code, reason: utf8.decode(bytes.subarray(from + 2, to)) };
  } catch {
    return -CloseCode.invalidPayload as -1007;
  }
}

/** Returns the payload of a close frame. A reason that is too long is cut between characters. */
export function encodeClose(code: number, reason = ""): Uint8Array {
  const payload = new Uint8Array(2 + MAX_REASON_BYTES);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return payload.subarray(0, 2 + written);
}
