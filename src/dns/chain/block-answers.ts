import { ExtendedError, type Query, Rcode, RecordType } from "../../wire/dns/mod.ts";
import type { Rewrite } from "../list-format/mod.ts";
import type { OwnAnswers } from "./own-answers.ts";

/** How blocked names are answered. */
export type BlockMode = "null-address" | "custom" | "nxdomain" | "no-data" | "refused";

export interface BlockAddresses {
  readonly ipv4?: Uint8Array | undefined;
  readonly ipv6?: Uint8Array | undefined;
}

export interface BlockAnswerOptions {
  readonly blockMode: BlockMode;
  /** For `custom`: the addresses of blocked names, 4 and 16 bytes. A family without one has no address. @default {none} */
  readonly blockAddresses?: BlockAddresses | undefined;
}

const NULL_ADDRESSES = { ipv4: new Uint8Array(4), ipv6: new Uint8Array(16) };

/** Writes the answers to blocked and rewritten names. */
export class BlockAnswers {
  readonly #own: OwnAnswers;
  readonly #mode: BlockMode;
  readonly #ipv4: Uint8Array | undefined;
  readonly #ipv6: Uint8Array | undefined;

  constructor(own: OwnAnswers, { blockMode, blockAddresses = {} }: BlockAnswerOptions) {
    const hasAddresses = blockMode === "null-address" || blockMode === "custom";
    const { ipv4, ipv6 } = blockMode === "custom" ? blockAddresses : NULL_ADDRESSES;
    this.#own = own;
    this.#mode = blockMode;
    this.#ipv4 = hasAddresses ? ipv4 : undefined;
    this.#ipv6 = hasAddresses ? ipv6 : undefined;
  }

  /** Answers a blocked query. @returns the offset after the answer */
  blocked(query: Query, bytes: Uint8Array, out: Uint8Array, at: number, maxBytes: number): number {
    const own = this.#own;
    const { blocked } = ExtendedError;
    if (this.#mode === "refused") return own.bare(query, bytes, Rcode.refused, out, at, maxBytes, blocked);
    if (this.#mode === "nxdomain") return own.negative(query, bytes, Rcode.nxDomain, out, at, maxBytes, blocked);
    const { type } = query;
    const address = type === RecordType.a ? this.#ipv4 : type === RecordType.aaaa ? this.#ipv6 : undefined;
    if (address === undefined) return own.negative(query, bytes, Rcode.noError, out, at, maxBytes, blocked);
    return own.record(query, bytes, address, out, at, maxBytes, blocked);
  }

  /**
   * Answers as a rule says: with a code, or with those of its records that have the type that was asked for.
   *
   * @param error the extended error of the answer
   * @returns the offset after the answer
   */
  rewritten(
    query: Query,
    bytes: Uint8Array,
    rewrites: readonly Rewrite[],
    error: number,
    out: Uint8Array,
    at: number,
    maxBytes: number,
  ): number {
    const own = this.#own;
    const first = rewrites[0]!;
    if (first.type === 0) {
      const isNegative = first.rcode === Rcode.noError || first.rcode === Rcode.nxDomain;
      if (isNegative) return own.negative(query, bytes, first.rcode, out, at, maxBytes, error);
      return own.bare(query, bytes, first.rcode, out, at, maxBytes, error);
    }
    return own.rewritten(query, bytes, rewrites, out, at, maxBytes, error);
  }
}
