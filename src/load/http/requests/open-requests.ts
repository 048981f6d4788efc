import type { CurrentRequest } from "./source.ts";

/**
 * Which requests of one connection are open, oldest first. Two bytes each, for as many as may be open at a time; only a count where
 * all requests are alike.
 */
export class OpenRequests {
  count = 0;
  readonly #tags: Uint16Array;
  #first = 0;

  /** @param tags room for as many as may be open at a time. Where all are alike, one for all connections */
  constructor(tags: Uint16Array) {
    this.#tags = tags;
  }

  push({ kind, isHead }: Readonly<CurrentRequest>): void {
    const { length } = this.#tags;
    const at = this.#first + this.count;
    this.#tags[length === 1 ? 0 : at < length ? at : at - length] = (kind << 1) | (isHead ? 1 : 0);
    this.count += 1;
  }

  /** The oldest is answered. */
  shift(): void {
    this.count -= 1;
    this.#first = this.#first + 1 < this.#tags.length ? this.#first + 1 : 0;
  }

  /** Of the oldest. */
  get kind(): number {
    return this.#tags[this.#first]! >> 1;
  }

  /** The answer to the oldest has no body. */
  get isHead(): boolean {
    return (this.#tags[this.#first]! & 1) === 1;
  }
}

/** A copy of a request that waits for its connection. */
export class HeldRequest implements Readonly<CurrentRequest> {
  readonly kind: number;
  readonly isHead: boolean;
  readonly bodyBytes: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, { kind, isHead, bodyBytes }: Readonly<CurrentRequest>) {
    this.bytes = bytes.slice();
    this.kind = kind;
    this.isHead = isHead;
    this.bodyBytes = bodyBytes;
  }
}
