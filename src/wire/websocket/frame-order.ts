import { CloseCode } from "./close-code.ts";
import type { FrameError, FrameHeader } from "./frame-header.ts";
import { FIRST_CONTROL_OPCODE, Opcode } from "./opcode.ts";

/** Checks the order of a connection's frames (RFC 6455 §5.4) and bounds their messages. */
export class FrameOrder {
  readonly #maxMessageBytes: number;
  #isWithinMessage = false;
  #messageBytes = 0;
  #isClosed = false;

  /** @param maxMessageBytes of all frames of a message @default {16 MiB} */
  constructor(maxMessageBytes = 16 * 1024 * 1024) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Takes the next header. Returns 0, or why the connection ends. */
  take(header: FrameHeader): FrameError | 0 {
    if (this.#isClosed) return -CloseCode.protocolError as FrameError;
    if (header.opcode >= FIRST_CONTROL_OPCODE) {
      this.#isClosed = header.opcode === Opcode.close;
      return 0;
    }
    // A message begins with its kind, and goes on with continuations only.
    if (this.#isWithinMessage !== (header.opcode === Opcode.continuation))
      return -CloseCode.protocolError as FrameError;
    this.#messageBytes = (this.#isWithinMessage ? this.#messageBytes : 0) + header.payloadBytes;
    if (this.#messageBytes > this.#maxMessageBytes) return -CloseCode.messageTooBig as FrameError;
    this.#isWithinMessage = !header.isFinal;
    return 0;
  }
}
