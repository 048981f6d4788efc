import { type RequestText, requestBytes } from "./request-bytes.ts";

/** A request that can be sent again and again. */
export interface CompiledRequest {
  /** Place of its name among those of the report. */
  readonly kind: number;
  /** Its method is HEAD: the answer has no body. */
  readonly isHead: boolean;
  /** Of the end of its bytes; -1 = it has no body. Of a request that varies, those of the last. */
  readonly bodyBytes: number;
  /** How long it is, where that is always the same. */
  readonly constantBytes: number | undefined;
  /** The longest that it can get, and its head alone. */
  readonly maxBytes: number;
  readonly maxHeadBytes: number;
  /** It holds a `\{message.marker}`. */
  readonly hasMarker: boolean;
  /**
   * Returns its bytes for connection `uid`: borrowed until the next call.
   *
   * @param nowUs microseconds since 1970, for markers
   */
  render(uid: number, nowUs: number): Uint8Array;
}

/** One that is the same every time. */
export class FixedRequest implements CompiledRequest {
  readonly kind: number;
  readonly isHead: boolean;
  readonly bodyBytes: number;
  readonly constantBytes: number;
  readonly maxBytes: number;
  readonly maxHeadBytes: number;
  readonly hasMarker = false;
  readonly #bytes: Uint8Array;

  constructor(kind: number, isHead: boolean, bytes: Uint8Array, bodyBytes: number) {
    this.kind = kind;
    this.isHead = isHead;
    this.bodyBytes = bodyBytes;
    this.constantBytes = bytes.length;
    this.maxBytes = bytes.length;
    this.maxHeadBytes = bytes.length - Math.max(0, bodyBytes);
    this.#bytes = bytes;
  }

  render(): Uint8Array {
    return this.#bytes;
  }
}

/** @throws {TenkError} `usage` for a request that cannot be sent */
export function fixedRequest(kind: number, text: RequestText): FixedRequest {
  const { bytes, bodyBytes } = requestBytes(text);
  return new FixedRequest(kind, text.method === "HEAD", bytes, bodyBytes);
}
