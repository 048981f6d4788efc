import { EDNS_UDP_BYTES, type Query } from "../../wire/dns/mod.ts";
import type { AnswerReader } from "../answers/mod.ts";
import { addOpt, optBytes } from "./opt-record.ts";
import { OwnAnswers } from "./own-answers.ts";

/** Returned instead of a length: the answer is not stored, an upstream must be asked. */
export const MISS = -1;

const MAX_MESSAGE_BYTES = 65_535;
const AD = 0x20;
const CD = 0x10;

/** Returns what a stored answer depends on in addition to its question. */
export function variantOf(query: Query): number {
  return (query.wantsDnssec ? 1 : 0) | (query.checkingDisabled ? 2 : 0);
}

/** Returns how long an answer may be: in a datagram, at most what the client accepts and what travels without fragmentation. */
export function maxAnswerBytes(query: Query, isDatagram: boolean, room: number): number {
  const most = isDatagram ? Math.min(query.udpBytes, EDNS_UDP_BYTES) : MAX_MESSAGE_BYTES;
  return Math.min(most, room);
}

/** Adapts stored answers to the query of a client. */
export class StoredAnswers {
  /** The last answer was too long for a datagram: the client got a truncated one and retries over TCP. */
  wasTruncated = false;
  readonly #cache: AnswerReader;
  readonly #own: OwnAnswers;

  constructor(cache: AnswerReader, own = new OwnAnswers(0)) {
    this.#cache = cache;
    this.#own = own;
  }

  /** Writes the answer to a query, if it is stored. @returns its length; `MISS` */
  write(query: Query, bytes: Uint8Array, out: Uint8Array, at: number, maxBytes: number, nowMs: number): number {
    const cache = this.#cache;
    const nameBytes = query.nameEnd - query.nameFrom;
    const nowSeconds = Math.floor(nowMs / 1000);
    const room = maxBytes - (query.hasEdns ? optBytes(false) : 0);
    this.wasTruncated = false;
    const length = cache.find(bytes, query.from, nameBytes, variantOf(query), nowSeconds, out, at, room);
    if (length === 0) return MISS;
    if (length < 0) {
      this.wasTruncated = true;
      return this.#own.truncated(query, bytes, out, at, maxBytes) - at;
    }
    // AD is set only for clients that asked for it (RFC 6840 §5.8); CD is copied from the query.
    const hidden = query.wantsAuthenticData || query.wantsDnssec ? CD : CD | AD;
    out[at + 3] = (out[at + 3]! & ~hidden) | (query.flags & CD);
    if (!query.hasEdns) return length;
    // That an answer is stale is told where there is room: no answer is truncated for it.
    const tellsStale = cache.isStale && length + optBytes(true) <= maxBytes;
    return addOpt(out, at, at + length, query.wantsDnssec, tellsStale) - at;
  }
}
