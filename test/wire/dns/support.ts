/** Names and messages for the tests of DNS. */
import fc from "fast-check";
import {
  expandName,
  type Message,
  MessageWriter,
  nameText,
  rdataText,
  Section,
  typeName,
} from "../../../src/wire/dns/mod.ts";
import { latin1 } from "../support.ts";
import { CORPUS } from "./corpus.ts";

/** Labels, of which each character is a byte, as a name on the wire. */
export function wireOf(labels: readonly string[]): Uint8Array {
  return latin1([...labels, ""].map((label) => String.fromCharCode(label.length) + label).join(""));
}

/** The labels of a name on the wire. */
export function labelsOf(bytes: Uint8Array, at = 0): string[] {
  const labels = [];
  for (; bytes[at] !== 0; at += bytes[at]! + 1) {
    labels.push(Buffer.from(bytes.subarray(at + 1, at + 1 + bytes[at]!)).toString("latin1"));
  }
  return labels;
}

const byte = fc.oneof(fc.constantFrom(...latin1('aAzZ09-_.\\"; @\0\xff[{')), fc.integer({ min: 0, max: 255 }));
const label = fc.oneof(
  fc.array(byte, { minLength: 1, maxLength: 10 }).map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom("a", "B", "www", "x".repeat(63)),
);

/** Labels that fit into a name, often few and odd. */
export const anyName = fc.array(label, { maxLength: 5 }).filter((labels) => labels.join(".").length < 254);

/** A copy of a message of the corpus. */
export function packet(what: string): Uint8Array {
  const found = CORPUS.find(([name]) => name === what);
  if (found === undefined) throw new Error(`no packet ${what}`);
  return new Uint8Array(found[1]);
}

export type Row = [section: number, owner: string, type: string, ttl: number, data: string];

const scratch = new Uint8Array(255);

/** Questions and records of a message that was read, as text. */
export function recordsOf(message: Message, bytes: Uint8Array): Row[] {
  const { records, from, to } = message;
  return Array.from({ length: records.count }, (_, index) => {
    expandName(bytes, from, to, records.nameAt(index), scratch, 0);
    const owner = nameText(scratch);
    const [section, type] = [records.section(index), records.type(index)];
    if (section === Section.question) return [section, owner, typeName(type), 0, ""];
    const data = rdataText(type, records.class(index), bytes, from, records.rdataFrom(index), records.rdataTo(index));
    return [section, owner, typeName(type), message.ttl(bytes, index), data];
  });
}

/** A response to the question for `a.example` with one record. */
export function written(type: number, rdata: Uint8Array, recordClass = 1): Uint8Array {
  const out = new Uint8Array(65_535);
  const writer = new MessageWriter();
  const owner = wireOf(["a", "example"]);
  writer.begin(out, 0, out.length);
  writer.header(1, 0x8180);
  writer.question(owner, 0, type, recordClass);
  writer.record(Section.answer, owner, 0, type, recordClass, 60, rdata, 0, rdata.length);
  return out.slice(0, writer.finish());
}
