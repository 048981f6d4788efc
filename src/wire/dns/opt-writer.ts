import { EdnsOption, OPTION_HEAD_BYTES } from "./edns-options.ts";
import { writeUint16 } from "./integers.ts";
import type { MessageWriter } from "./message-writer.ts";
import { OPT } from "./record-type.ts";

/** Bytes of an OPT record without options. */
export const OPT_BYTES = 11;
/** What a datagram carries without being cut into fragments anywhere (DNS flag day 2020); also what dnsmasq, unbound and others say. */
export const EDNS_UDP_BYTES = 1232;
/** Sizes to which encrypted messages are padded, so that their lengths tell less (RFC 8467 §4.1). */
export const QUERY_PADDING_BYTES = 128;
export const RESPONSE_PADDING_BYTES = 468;
const DO = 0x8000;

/**
 * Writes the OPT record of a message as its last record, option by option, into the room that the writer has kept. An option that
 * does not fit is left out: none of them is worth an answer.
 */
export class OptWriter {
  #writer: MessageWriter | undefined;
  #lengthAt = 0;

  /** @returns false where not even the record fits */
  begin(writer: MessageWriter, udpBytes: number, wantsDnssec: boolean): boolean {
    const { out, at, to } = writer;
    this.#writer = undefined;
    if (to - at < OPT_BYTES) return false;
    out[at] = 0;
    writeUint16(out, at + 1, OPT);
    writeUint16(out, at + 3, udpBytes);
    out[at + 5] = writer.rcode >> 4;
    out[at + 6] = 0;
    writeUint16(out, at + 7, wantsDnssec ? DO : 0);
    this.#lengthAt = at + 9;
    this.#writer = writer;
    writer.at = at + OPT_BYTES;
    writer.countAdditional();
    this.#patchLength(writer);
    return true;
  }

  /** Adds an option, such as a cookie or a client's subnet. @returns false where it does not fit */
  option(code: number, data: Uint8Array, from: number, to: number): boolean {
    const dataAt = this.#beginOption(code, to - from);
    if (dataAt < 0) return false;
    const { out } = this.#writer!;
    for (let index = 0; index < to - from; index++) out[dataAt + index] = data[from + index]!;
    return true;
  }

  /**
   * Adds an extended error (RFC 8914).
   *
   * @param text UTF-8, for people; without it where it does not fit
   */
  extendedError(code: number, text?: Uint8Array): boolean {
    let length = text?.length ?? 0;
    let dataAt = this.#beginOption(EdnsOption.extendedError, 2 + length);
    if (dataAt < 0) {
      length = 0;
      dataAt = this.#beginOption(EdnsOption.extendedError, 2);
    }
    if (dataAt < 0) return false;
    const { out } = this.#writer!;
    writeUint16(out, dataAt, code);
    for (let index = 0; index < length; index++) out[dataAt + 2 + index] = text![index]!;
    return true;
  }

  /** Pads the message to a multiple of `blockBytes`, or to all that it may have (RFC 7830, RFC 8467); the last option. */
  pad(blockBytes: number): boolean {
    const writer = this.#writer;
    if (writer === undefined) return false;
    const length = writer.at - writer.from + OPTION_HEAD_BYTES;
    const wanted = Math.ceil(length / blockBytes) * blockBytes - length;
    const padding = Math.min(wanted, writer.to - writer.at - OPTION_HEAD_BYTES);
    if (padding < 0) return false;
    const dataAt = this.#beginOption(EdnsOption.padding, padding);
    writer.out.fill(0, dataAt, dataAt + padding);
    return true;
  }

  /** @returns where the data begin; -1 where they do not fit */
  #beginOption(code: number, length: number): number {
    const writer = this.#writer;
    if (writer === undefined || writer.to - writer.at < OPTION_HEAD_BYTES + length) return -1;
    const { out, at } = writer;
    writeUint16(out, at, code);
    writeUint16(out, at + 2, length);
    writer.at = at + OPTION_HEAD_BYTES + length;
    this.#patchLength(writer);
    return at + OPTION_HEAD_BYTES;
  }

  #patchLength(writer: MessageWriter): void {
    writeUint16(writer.out, this.#lengthAt, writer.at - this.#lengthAt - 2);
  }
}
