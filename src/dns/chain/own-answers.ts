import {
  EDNS_UDP_BYTES,
  Flag,
  MessageWriter,
  OPT_BYTES,
  OptWriter,
  parseName,
  type Query,
  Rcode,
  RecordClass,
  RecordType,
  Section,
  writeUint32,
} from "../../wire/dns/mod.ts";

import type { Rewrite } from "../list-format/mod.ts";
import type { LocalRecord } from "../local/mod.ts";

/** Room for an extended error without text. */
const EDE_BYTES = 6;
const REFRESH_SECONDS = 3600;
const RETRY_SECONDS = 600;
const EXPIRE_SECONDS = 86_400;

/** No extended error. */
export const NO_ERROR = -1;

/**
 * Writes answers that tenk gives by itself. An answer without records has an SOA record, so that resolvers of clients keep it
 * (RFC 2308 §5); one to a query with OPT has OPT (RFC 6891 §7).
 */
export class OwnAnswers {
  readonly #writer = new MessageWriter();
  readonly #opt = new OptWriter();
  readonly #soa: Uint8Array;

  /** TTL of negative answers, and of the addresses that replace blocked ones. */
  readonly ttlSeconds: number;

  constructor(ttlSeconds: number) {
    this.ttlSeconds = ttlSeconds;
    this.#soa = soaData(ttlSeconds);
  }

  /** Answers with one record of the type that was asked for. @returns the offset after the answer */
  record(
    query: Query,
    bytes: Uint8Array,
    data: Uint8Array,
    out: Uint8Array,
    at: number,
    maxBytes: number,
    error = NO_ERROR,
  ): number {
    this.#begin(query, bytes, Rcode.noError, out, at, maxBytes);
    const { nameFrom, type } = query;
    this.#writer.record(Section.answer, bytes, nameFrom, type, RecordClass.in, this.ttlSeconds, data, 0, data.length);
    return this.#finish(query, error);
  }

  /** Answers with local records. @returns the offset after the answer */
  records(
    query: Query,
    bytes: Uint8Array,
    records: readonly LocalRecord[],
    out: Uint8Array,
    at: number,
    maxBytes: number,
  ): number {
    this.#begin(query, bytes, Rcode.noError, out, at, maxBytes);
    this.#writer.flags |= Flag.authoritative;
    const writer = this.#writer;
    const asked = records[0]?.name;
    for (let index = 0; index < records.length; index++) {
      const { name, type, ttlSeconds, data } = records[index]!;
      // The question's spelling is repeated: in the first record's owner, and in those of the same name.
      if (name === asked)
        writer.record(Section.answer, bytes, query.nameFrom, type, RecordClass.in, ttlSeconds, data, 0, data.length);
      else writer.record(Section.answer, name, 0, type, RecordClass.in, ttlSeconds, data, 0, data.length);
    }
    return this.#finish(query, NO_ERROR);
  }

  /** Answers with those of a rule's records that have the type that was asked for. @returns the offset after the answer */
  rewritten(
    query: Query,
    bytes: Uint8Array,
    rewrites: readonly Rewrite[],
    out: Uint8Array,
    at: number,
    maxBytes: number,
    error: number,
  ): number {
    const { nameFrom, type } = query;
    let count = 0;
    this.#begin(query, bytes, Rcode.noError, out, at, maxBytes);
    for (const { type: own, data } of rewrites) {
      if (own !== type) continue;
      this.#writer.record(Section.answer, bytes, nameFrom, type, RecordClass.in, this.ttlSeconds, data, 0, data.length);
      count += 1;
    }
    if (count > 0) return this.#finish(query, error);
    return this.negative(query, bytes, Rcode.noError, out, at, maxBytes, error);
  }

  /** Answers that the name, or a record of this type, does not exist. @param rcode `nxDomain` or `noError` */
  negative(
    query: Query,
    bytes: Uint8Array,
    rcode: number,
    out: Uint8Array,
    at: number,
    maxBytes: number,
    error = NO_ERROR,
  ): number {
    this.#begin(query, bytes, rcode, out, at, maxBytes);
    const soa = this.#soa;
    this.#writer.record(
      Section.authority,
      bytes,
      query.nameFrom,
      RecordType.soa,
      RecordClass.in,
      this.ttlSeconds,
      soa,
      0,
      soa.length,
    );
    return this.#finish(query, error);
  }

  /** Answers without records. */
  bare(
    query: Query,
    bytes: Uint8Array,
    rcode: number,
    out: Uint8Array,
    at: number,
    maxBytes: number,
    error = NO_ERROR,
  ): number {
    this.#begin(query, bytes, rcode, out, at, maxBytes);
    return this.#finish(query, error);
  }

  /** Asks the client to come back by TCP. */
  truncated(query: Query, bytes: Uint8Array, out: Uint8Array, at: number, maxBytes: number): number {
    this.#begin(query, bytes, Rcode.noError, out, at, maxBytes);
    this.#writer.flags |= Flag.truncated;
    return this.#finish(query, NO_ERROR);
  }

  #begin(query: Query, bytes: Uint8Array, rcode: number, out: Uint8Array, at: number, maxBytes: number): void {
    this.#writer.begin(out, at, maxBytes, query.hasEdns ? OPT_BYTES + EDE_BYTES : 0);
    this.#writer.answer(query, bytes, rcode, Flag.recursionAvailable);
  }

  #finish(query: Query, error: number): number {
    const hasOpt = query.hasEdns && this.#opt.begin(this.#writer, EDNS_UDP_BYTES, query.wantsDnssec);
    if (hasOpt && error !== NO_ERROR) this.#opt.extendedError(error);
    return this.#writer.finish();
  }
}

/** `tenk.invalid. hostmaster.tenk.invalid. 1 3600 600 86400 ttl`: a name that cannot exist, in a message that clients keep for `ttl`. */
function soaData(ttlSeconds: number): Uint8Array {
  const names = [parseName("tenk.invalid")!, parseName("hostmaster.tenk.invalid")!];
  const numbers = new Uint8Array(20);
  const values = [1, REFRESH_SECONDS, RETRY_SECONDS, EXPIRE_SECONDS, ttlSeconds];
  for (const [index, value] of values.entries()) writeUint32(numbers, index * 4, value);
  return new Uint8Array(Buffer.concat([...names, numbers]));
}
