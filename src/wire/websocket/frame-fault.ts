import { FIRST_CONTROL_OPCODE, isOpcode, MAX_CONTROL_BYTES } from "./opcode.ts";

const LENGTH_OF_2 = 126;

/** Says why `readFrameHeader` refused a header, for people and for counting. @param isMasked whether a mask was expected */
export function frameFault(bytes: Uint8Array, from: number, isMasked: boolean): string {
  const first = bytes[from]!;
  const second = bytes[from + 1]!;
  const opcode = first & 0x0f;
  const length = second & 0x7f;
  if ((first & 0x70) !== 0) return "reserved bits are set";
  if (!isOpcode(opcode)) return `unknown opcode ${opcode}`;
  if (second >> 7 !== (isMasked ? 1 : 0)) return isMasked ? "a frame is not masked" : "a frame is masked";
  if (opcode >= FIRST_CONTROL_OPCODE) {
    if (first < 0x80) return "a control frame is fragmented";
    if (length > MAX_CONTROL_BYTES) return "a control frame is longer than 125 bytes";
  }
  return length >= LENGTH_OF_2 ? "a length is not in its shortest form" : "a broken frame";
}
