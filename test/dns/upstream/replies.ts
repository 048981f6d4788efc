import { MessageWriter, parseName, parseRdata, parseType, Section } from "../../../src/wire/dns/mod.ts";

/** A record as `owner TTL TYPE data`. */
export type RecordText = string;

export interface ReplyFields {
  readonly rcode?: number;
  /** Beside QR, RD and RA. */
  readonly flags?: number;
  readonly answer?: readonly RecordText[];
  readonly authority?: readonly RecordText[];
  readonly additional?: readonly RecordText[];
}

/** The answer to a query, with its ID and its question as it came. */
export function replyTo(query: Uint8Array, fields: ReplyFields = {}): Uint8Array {
  const out = new Uint8Array(65_535);
  const writer = new MessageWriter();
  writer.begin(out, 0, out.length);
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
  return out.slice(0, writer.finish());
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
