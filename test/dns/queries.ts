import { parseName, parseType, Query, QueryVerdict, readQuery } from "../../src/wire/dns/mod.ts";

/** What `queryBytes` puts into a query beside its question. */
export interface QueryFields {
  readonly id?: number;
  /** RD alone by default. */
  readonly flags?: number;
  readonly class?: number;
  /** An OPT record with this size, and DO. */
  readonly udpBytes?: number;
  readonly wantsDnssec?: boolean;
}

/** A query as a client sends it. */
export function queryBytes(name: string, type = "A", fields: QueryFields = {}): Uint8Array {
  const { id = 0x1234, flags = 0x0100, class: recordClass = 1, udpBytes, wantsDnssec = false } = fields;
  const hasOpt = udpBytes !== undefined || wantsDnssec;
  const number = parseType(type)!;
  const header = [id >> 8, id & 255, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, hasOpt ? 1 : 0];
  const question = [...parseName(name)!, number >> 8, number & 255, recordClass >> 8, recordClass & 255];
  const size = udpBytes ?? 1232;
  const opt = hasOpt ? [0, 0, 41, size >> 8, size & 255, 0, 0, wantsDnssec ? 0x80 : 0, 0, 0, 0] : [];
  return Uint8Array.from([...header, ...question, ...opt]);
}

/** The same, read. @throws {Error} when it is no good query */
export function readQueryOf(bytes: Uint8Array): Query {
  const query = new Query();
  if (readQuery(query, bytes, 0, bytes.length) !== QueryVerdict.ok) throw new Error(`no query: ${query.refusal}`);
  return query;
}
