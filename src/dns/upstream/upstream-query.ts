import { randomFillSync } from "node:crypto";
import {
  copyLower,
  EDNS_UDP_BYTES,
  Flag,
  MAX_NAME_BYTES,
  MessageWriter,
  OPT_BYTES,
  OptWriter,
  RecordClass,
  scrambleCase,
  writeUint16,
} from "../../wire/dns/mod.ts";

/** A question for an upstream, of class IN. */
export interface Question {
  /** In wire form, without compression. */
  readonly name: Uint8Array;
  readonly type: number;
  /** The DO bit. */
  readonly wantsDnssec: boolean;
  /** The CD bit. */
  readonly checkingDisabled: boolean;
}

const NAME_AT = 12;
const HEADER_AND_FIXED = NAME_AT + 4;
const MAX_QUERY_BYTES = HEADER_AND_FIXED + MAX_NAME_BYTES + OPT_BYTES;
const RANDOM_BYTES = 34;

const writer = new MessageWriter();
const opt = new OptWriter();
const random = new Uint8Array(RANDOM_BYTES);

/** A query as it is sent, and what its answer is compared with. */
export interface UpstreamQuery {
  readonly bytes: Uint8Array;
  readonly questionEnd: number;
}

/**
 * Writes a query with an ID and a spelling that nobody else knows. AD is set, so that servers that validate say so without
 * being asked for signatures (RFC 6840 §5.7).
 */
export function writeQuery({ name, type, wantsDnssec, checkingDisabled }: Question): UpstreamQuery {
  randomFillSync(random);
  const out = new Uint8Array(MAX_QUERY_BYTES);
  writer.begin(out, 0, MAX_QUERY_BYTES, OPT_BYTES);
  const flags = Flag.recursionDesired | Flag.authenticData | (checkingDisabled ? Flag.checkingDisabled : 0);
  writer.header((random[0]! << 8) | random[1]!, flags);
  writer.question(name, 0, type, RecordClass.in);
  const questionEnd = writer.at;
  opt.begin(writer, EDNS_UDP_BYTES, wantsDnssec);
  const end = writer.finish();
  scrambleCase(out, NAME_AT, random.subarray(2));
  return { bytes: out.subarray(0, end), questionEnd };
}

/**
 * Adapts a query to a connection: with an ID that is free there, and a name in lower case. Random case adds no protection
 * against forgers over TCP, and some servers do not preserve it.
 */
export function prepareForStream(query: UpstreamQuery, isTaken: (id: number) => boolean): number {
  copyLower(query.bytes, NAME_AT, query.bytes, NAME_AT);
  let id: number;
  do {
    randomFillSync(random, 0, 2);
    id = (random[0]! << 8) | random[1]!;
  } while (isTaken(id));
  writeUint16(query.bytes, 0, id);
  return id;
}
