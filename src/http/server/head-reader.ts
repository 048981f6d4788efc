import { type Head, HeadAssembler, type HeadLimits, type Http1Refusal, readRequest } from "../../wire/http1/mod.ts";

const CR = 0x0d;
const LF = 0x0a;
const NOTHING = new Uint8Array(0);
/** The length of an empty line. */
const EMPTY_LINE_BYTES = 2;

/** Finds the heads of a connection's requests, whole or in pieces. */
export class HeadReader {
  /** The head is complete; its offsets are of `bytes`. */
  isComplete = false;
  bytes: Uint8Array = NOTHING;
  /** Why the head is refused, and the status that says so; 0 = it is not. */
  status = 0;
  refusal: Http1Refusal | undefined;
  #assembler: HeadAssembler | undefined;
  #skippedEmptyLine = false;

  /** Whether a part of a head came. */
  get hasBegun(): boolean {
    return this.#assembler !== undefined;
  }

  /** Forgets the head. */
  clear(): void {
    this.isComplete = false;
    this.bytes = NOTHING;
    this.#assembler = undefined;
    this.#skippedEmptyLine = false;
  }

  /** Reads on. @returns where the head ends in `bytes`, or `to` while it does not */
  read(head: Head, bytes: Uint8Array, from: number, to: number, limits: HeadLimits): number {
    if (this.#assembler !== undefined) return this.#assemble(head, bytes, from, to, limits);
    if (bytes[from] === CR && !this.#skippedEmptyLine) {
      // Some clients send one behind their content; RFC 9112 §2.2 wants it ignored.
      if (from + 1 === to) return this.#assemble(head, bytes, from, to, limits);
      if (bytes[from + 1] === LF) {
        this.#skippedEmptyLine = true;
        return from + EMPTY_LINE_BYTES;
      }
    }
    const length = readRequest(head, bytes, from, to, limits);
    if (length === 0) return this.#assemble(head, bytes, from, to, limits);
    this.bytes = bytes;
    this.#judge(head, length);
    return from + Math.max(0, length);
  }

  #assemble(head: Head, bytes: Uint8Array, from: number, to: number, limits: HeadLimits): number {
    this.#assembler ??= new HeadAssembler(limits.maxBytes);
    const assembler = this.#assembler;
    const taken = assembler.add(bytes, from, to);
    if (taken < 0) {
      this.#refuse(-taken, assembler.refusal);
      return to;
    }
    if (taken === 0) return to;
    if (assembler.length === EMPTY_LINE_BYTES && !this.#skippedEmptyLine) {
      this.#assembler = undefined;
      this.#skippedEmptyLine = true;
      return from + taken;
    }
    this.bytes = assembler.bytes;
    this.#judge(head, readRequest(head, assembler.bytes, 0, assembler.length, limits));
    return from + taken;
  }

  #judge(head: Head, length: number): void {
    if (length > 0) this.isComplete = true;
    // The end of the head was found, so that it cannot be incomplete: something else is wrong with its line ends.
    else this.#refuse(length === 0 ? 400 : -length, head.refusal ?? "bad-line-end");
  }

  #refuse(status: number, refusal: Http1Refusal | undefined): void {
    this.status = status;
    this.refusal = refusal;
  }
}
