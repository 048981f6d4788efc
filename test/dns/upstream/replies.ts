import {
  findOption,
  MessageWriter,
  OptWriter,
  optionLength,
  parseName,
  parseRdata,
  parseType,
  Query,
  QueryVerdict,
  readQuery,
  Section,
} from "../../../src/wire/dns/mod.ts";

/** A record as `owner TTL TYPE data`. */
export type RecordText = string;

export interface ReplyFields {
  readonly rcode?: number;
  /** Beside QR, RD and RA. */
  readonly flags?: number;
  readonly answer?: readonly RecordText[];
  readonly authority?: readonly RecordText[];
  readonly additional?: readonly RecordText[];
  /** Cookie of an OPT record, which is there only with it or with an extended response code. */
  readonly cookie?: Uint8Array;
}

/** The answer to a query, with its ID and its question as it came. */
export function replyTo(query: Uint8Array, fields: ReplyFields = {}): Uint8Array {
  const out = new Uint8Array(65_535);
  const writer = new MessageWriter();
  writer.begin(out, 0, out.length, 100);
  writer.header((query[0]! << 8) | query[1]!, 0x8180 | (fields.flags ?? 0));
  writer.rcode = fields.rcode ?? 0;
  const { name, type } = questionOf(query);
  writer.question(name, 0, type, 1);
  for (const [section, records] of [
    [Section.answer, fields.answer],
    [Section.authority, fields.authority],
    [Section.additional, fields.additional],
  ] as const) {
    for (const text of records ?? []) {
      const [owner, ttl, typeText, ...data] = text.split(" ");
      const number = parseType(typeText!)!;
      const rdata = parseRdata(number, data.join(" "))!;
      writer.record(section, parseName(owner!)!, 0, number, 1, Number(ttl), rdata, 0, rdata.length);
    }
  }
  const { cookie, rcode = 0 } = fields;
  if (cookie !== undefined || rcode > 15) {
    const opt = new OptWriter();
    opt.begin(writer, 1232, false);
    if (cookie !== undefined) opt.option(10, cookie, 0, cookie.length);
  }
  return out.slice(0, writer.finish());
}

/** The cookie in a query; empty = none. */
export function cookieOf(bytes: Uint8Array): Uint8Array {
  const query = new Query();
  if (readQuery(query, bytes, 0, bytes.length) !== QueryVerdict.ok) throw new Error(`no query: ${query.refusal}`);
  const at = findOption(bytes, query.optionsFrom, query.optionsTo, 10);
  return at < 0 ? new Uint8Array(0) : bytes.slice(at, at + optionLength(bytes, at));
}

/** Whether a query has an OPT record. */
export function hasEdns(bytes: Uint8Array): boolean {
  return bytes[11] === 1;
}

/** The question of a query that has one. */
export function questionOf(query: Uint8Array): { name: Uint8Array; text: string; type: number } {
  let end = 12;
  const labels: string[] = [];
  while (query[end] !== 0) {
    labels.push(Buffer.from(query.subarray(end + 1, end + 1 + query[end]!)).toString("latin1"));
    end += query[end]! + 1;
  }
  const name = query.slice(12, end + 1);
  return { name, text: labels.join("."), type: (query[end + 1]! << 8) | query[end + 2]! };
}
