/** Kinds of frames (RFC 6455 §5.2). */
export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** From this opcode on, a frame is a control frame: whole, short, and allowed between the fragments of a message. */
export const FIRST_CONTROL_OPCODE = Opcode.close;
/** Longest payload of a control frame (RFC 6455 §5.5). */
export const MAX_CONTROL_BYTES = 125;

/** Returns whether RFC 6455 defines an opcode. */
export function isOpcode(opcode: number): opcode is Opcode {
  return opcode <= Opcode.binary || (opcode >= Opcode.close && opcode <= Opcode.pong);
}
