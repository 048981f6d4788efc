import { type Close, CloseCode, readClose } from "./close-code.ts";
import { frameFault } from "./frame-fault.ts";
import { FrameHeader, type FrameLimits, MAX_FRAME_HEADER_BYTES, readFrameHeader } from "./frame-header.ts";
import { FrameOrder } from "./frame-order.ts";
import { applyMask } from "./mask.ts";
import { FIRST_CONTROL_OPCODE, MAX_CONTROL_BYTES, Opcode } from "./opcode.ts";
import { checkUtf8, UTF8_BETWEEN, UTF8_BROKEN } from "./utf8.ts";

/** Code that a connection ends with because its peer broke a rule. */
export type BreakCode = 1002 | 1007 | 1009;

/** What a `FrameReader` tells of. Bytes are borrowed, and unmasked. */
export interface FrameReaderEvents {
  /** Content of a message, piece by piece. */
  content(opcode: Opcode, bytes: Uint8Array, from: number, to: number): void;
  /** The message is complete, and valid UTF-8 if it is text. */
  message(opcode: Opcode): void;
  ping(bytes: Uint8Array, from: number, to: number): void;
  pong(bytes: Uint8Array, from: number, to: number): void;
  /** The peer sends no more frames. */
  closing(close: Close): void;
  /** The connection must end with this code (RFC 6455 §7.1.7). */
  broke(code: BreakCode, why: string): void;
}

/** Of all readers: a header is read and used in one call. */
const header = new FrameHeader();

/**
 * Reads the frames of one connection as they come, and keeps no content but that of a control frame that is cut. After `broke`,
 * `closing` and `stop` it reads nothing more.
 *
 * ```text
 *   header ─► order ─┬─ data ─► content … message
 *                    └─ control ─► ping · pong · closing
 * ```
 */
export class FrameReader {
  readonly #events: FrameReaderEvents;
  readonly #limits: FrameLimits;
  readonly #order: FrameOrder;
  #isOver = false;
  #isWithinFrame = false;
  #opcode: Opcode = Opcode.text;
  /** Of the message that data frames belong to. */
  #messageOpcode: Opcode = Opcode.text;
  #isFinal = false;
  #mask = 0;
  #payloadBytes = 0;
  #leftBytes = 0;
  #utf8 = UTF8_BETWEEN;
  /** A header that is cut, later a control frame's content that is cut. */
  #kept: Uint8Array | undefined;
  #keptBytes = 0;

  /** @param limits `maxPayloadBytes` bounds whole messages too */
  constructor(limits: FrameLimits, events: FrameReaderEvents) {
    this.#limits = limits;
    this.#events = events;
    this.#order = new FrameOrder(limits.maxPayloadBytes);
  }

  /** Reads nothing more. */
  stop(): void {
    this.#isOver = true;
  }

  /** Reads on. Masked content is unmasked in place. */
  read(bytes: Uint8Array, from = 0): void {
    let at = from;
    while (at < bytes.length && !this.#isOver) {
      if (!this.#isWithinFrame) {
        at = this.#readHeader(bytes, at);
        if (at < 0) return;
      }
      const end = Math.min(bytes.length, at + this.#leftBytes);
      this.#take(bytes, at, end);
      at = end;
    }
  }

  /** @returns the position behind the header; -1 where it is incomplete, or refused */
  #readHeader(bytes: Uint8Array, at: number): number {
    if (this.#keptBytes > 0) return this.#readCutHeader(bytes, at);
    const length = readFrameHeader(header, bytes, at, bytes.length, this.#limits);
    if (length > 0) return this.#begin() ? at + length : -1;
    if (length < 0) return this.#refuse(length, bytes, at);
    this.#keep(bytes, at, bytes.length);
    return -1;
  }

  #readCutHeader(bytes: Uint8Array, at: number): number {
    const before = this.#keptBytes;
    this.#keep(bytes, at, Math.min(bytes.length, at + MAX_FRAME_HEADER_BYTES - before));
    const kept = this.#kept!;
    const length = readFrameHeader(header, kept, 0, this.#keptBytes, this.#limits);
    if (length === 0) return -1;
    this.#keptBytes = 0;
    if (length < 0) return this.#refuse(length, kept, 0);
    return this.#begin() ? at + length - before : -1;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    this.#kept ??= new Uint8Array(MAX_CONTROL_BYTES);
    this.#kept.set(bytes.subarray(from, to), this.#keptBytes);
    this.#keptBytes += to - from;
  }

  #refuse(error: number, bytes: Uint8Array, at: number): -1 {
    if (error === -CloseCode.messageTooBig) this.#break(CloseCode.messageTooBig, this.#tooBig());
    else this.#break(CloseCode.protocolError, frameFault(bytes, at, this.#limits.isMasked));
    return -1;
  }

  /** Takes the header that was read. @returns false where its frame may not come now */
  #begin(): boolean {
    const isContinuation = header.opcode === Opcode.continuation;
    const refusal = this.#order.take(header);
    if (refusal === -CloseCode.messageTooBig) {
      this.#break(CloseCode.messageTooBig, this.#tooBig());
      return false;
    }
    if (refusal !== 0) {
      const why = isContinuation ? "a continuation of no message" : "a message begins within another";
      this.#break(CloseCode.protocolError, why);
      return false;
    }
    if (!isContinuation && header.opcode < FIRST_CONTROL_OPCODE) this.#messageOpcode = header.opcode;
    this.#opcode = header.opcode;
    this.#isFinal = header.isFinal;
    this.#mask = header.mask;
    this.#payloadBytes = header.payloadBytes;
    this.#leftBytes = header.payloadBytes;
    this.#isWithinFrame = true;
    return true;
  }

  #tooBig(): string {
    return `a message is longer than ${this.#limits.maxPayloadBytes} bytes`;
  }

  #take(bytes: Uint8Array, from: number, to: number): void {
    if (this.#limits.isMasked) applyMask(bytes, from, to, this.#mask, this.#payloadBytes - this.#leftBytes);
    this.#leftBytes -= to - from;
    if (this.#opcode >= FIRST_CONTROL_OPCODE) this.#takeControl(bytes, from, to);
    else this.#takeData(bytes, from, to);
  }

  #takeData(bytes: Uint8Array, from: number, to: number): void {
    const opcode = this.#messageOpcode;
    if (opcode === Opcode.text) {
      this.#utf8 = checkUtf8(this.#utf8, bytes, from, to);
      const isCut = this.#utf8 !== UTF8_BETWEEN && this.#isFinal && this.#leftBytes === 0;
      if (this.#utf8 === UTF8_BROKEN || isCut) {
        this.#break(CloseCode.invalidPayload, "a text is not UTF-8");
        return;
      }
    }
    if (to > from) this.#events.content(opcode, bytes, from, to);
    if (this.#leftBytes > 0) return;
    this.#isWithinFrame = false;
    if (this.#isFinal) this.#events.message(opcode);
  }

  #takeControl(bytes: Uint8Array, from: number, to: number): void {
    const isWhole = to - from === this.#payloadBytes;
    if (!isWhole) this.#keep(bytes, from, to);
    if (this.#leftBytes > 0) return;
    this.#isWithinFrame = false;
    this.#keptBytes = 0;
    if (isWhole) this.#control(bytes, from, to);
    else this.#control(this.#kept!, 0, this.#payloadBytes);
  }

  #control(bytes: Uint8Array, from: number, to: number): void {
    if (this.#opcode === Opcode.ping) this.#events.ping(bytes, from, to);
    else if (this.#opcode === Opcode.pong) this.#events.pong(bytes, from, to);
    else {
      const close = readClose(bytes, from, to);
      if (close === -CloseCode.protocolError) this.#break(CloseCode.protocolError, "a close frame has no valid code");
      else if (close === -CloseCode.invalidPayload)
        this.#break(CloseCode.invalidPayload, "a close frame's reason is not UTF-8");
      else {
        this.#isOver = true;
        this.#events.closing(close as Close);
      }
    }
  }

  #break(code: BreakCode, why: string): void {
    this.#isOver = true;
    this.#events.broke(code, why);
  }
}
