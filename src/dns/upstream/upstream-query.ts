import { randomFillSync } from "node:crypto";
import {
  copyLower,
  EDNS_UDP_BYTES,
  EdnsOption,
  Flag,
  MAX_NAME_BYTES,
  MessageWriter,
  OPT_BYTES,
  OPTION_HEAD_BYTES,
  OptWriter,
  QUERY_PADDING_BYTES,
  RecordClass,
  scrambleCase,
  writeUint16,
} from "../../wire/dns/mod.ts";
import { MAX_COOKIE_BYTES } from "./cookies.ts";

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
const OPTIONS_BYTES = OPT_BYTES + OPTION_HEAD_BYTES + MAX_COOKIE_BYTES;
/** A multiple of the size to which queries are padded. */
const MAX_QUERY_BYTES =
  Math.ceil((HEADER_AND_FIXED + MAX_NAME_BYTES + OPTIONS_BYTES) / QUERY_PADDING_BYTES) * QUERY_PADDING_BYTES;
const RANDOM_BYTES = 34;

const writer = new MessageWriter();
const opt = new OptWriter();
const random = new Uint8Array(RANDOM_BYTES);

/** What a query says beside its question. */
export interface QueryForm {
  /** It has an OPT record: the size that we accept, DO, and the options below. */
  readonly hasEdns: boolean;
  /** Data of the option; empty = none is sent. */
  readonly cookie: Uint8Array;
  /** Its length tells nothing about the name: for encrypted transports (RFC 8467). */
  readonly isPadded: boolean;
}

export const NO_COOKIE: Uint8Array = new Uint8Array(0);

/** A query as it is sent, and what its answer is compared with. */
export interface UpstreamQuery extends QueryForm {
  readonly bytes: Uint8Array;
  readonly questionEnd: number;
}

/**
 * Writes a query with an ID and a spelling that nobody else knows. AD is set, so that servers that validate say so without
 * being asked for signatures (RFC 6840 §5.7).
 */
export function writeQuery({ name, type, wantsDnssec, checkingDisabled }: Question, form: QueryForm): UpstreamQuery {
  randomFillSync(random);
  const out = new Uint8Array(MAX_QUERY_BYTES);
  writer.begin(out, 0, MAX_QUERY_BYTES, OPTIONS_BYTES);
  const flags = Flag.recursionDesired | Flag.authenticData | (checkingDisabled ? Flag.checkingDisabled : 0);
  writer.header((random[0]! << 8) | random[1]!, flags);
  writer.question(name, 0, type, RecordClass.in);
  const questionEnd = writer.at;
  const { hasEdns, cookie, isPadded } = form;
  if (hasEdns) opt.begin(writer, EDNS_UDP_BYTES, wantsDnssec);
  if (hasEdns && cookie.length > 0) opt.option(EdnsOption.cookie, cookie, 0, cookie.length);
  if (hasEdns && isPadded) opt.pad(QUERY_PADDING_BYTES);
  const end = writer.finish();
  scrambleCase(out, NAME_AT, random.subarray(2));
  return { bytes: out.subarray(0, end), questionEnd, hasEdns, cookie, isPadded };
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

/** Adapts a query to HTTPS: with ID 0 (RFC 8484 §4.1), and a name in lower case. */
export function prepareForHttps(query: UpstreamQuery): void {
  copyLower(query.bytes, NAME_AT, query.bytes, NAME_AT);
  writeUint16(query.bytes, 0, 0);
}
