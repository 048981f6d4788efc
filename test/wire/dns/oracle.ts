/** What dnspython and miekg/dns say of messages, records and names, beside what we say: the same rows of plain values. */
import { test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  expandName,
  Message,
  MessageWriter,
  RecordType,
  rdataText,
  readMessage,
  Section,
} from "../../../src/wire/dns/mod.ts";
import { buildGoModule, hasGo } from "../../net/go.ts";

const FIXTURES = join(import.meta.dirname, "fixtures");
const PYTHON = "/usr/bin/python3";
export const hasDnspython = existsSync("/usr/lib/python3/dist-packages/dns/__init__.py");

export type Judge = (lines: readonly string[]) => string[];

export const dnspython: Judge = (lines) => judge([PYTHON, join(FIXTURES, "dnspython.py")], lines);
export const miekg: Judge = (lines) => judge([buildGoModule(join(FIXTURES, "miekg"))], lines);
export { hasGo };

function judge([program, ...words]: readonly string[], lines: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync(program!, words, {
    input: lines.map((line) => `${line}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout.split("\n").slice(0, -1);
}

/** In place of tests that need dnspython, where there is none: skipped, and a failure in CI. */
export function testWithoutDnspython(what: string): void {
  test.skipIf(process.env.CI !== "true")(`${what} cannot be tried: needs python3-dnspython`, () => {
    throw new Error("This check needs Debian's python3-dnspython, and must not be left out in CI");
  });
}

type OracleRow = [
  section: number,
  owner: string,
  type: number,
  recordClass: number,
  ttl: number,
  data: string,
  text: string,
];

export interface Told {
  id: number;
  flags: number;
  rcode: number;
  hasOpt: boolean;
  rows: OracleRow[];
  again: string;
}

/** What a judge says of a message; undefined where it refuses it. */
export function toldOf(line: string): Told | undefined {
  return line.startsWith("refused") ? undefined : (JSON.parse(line) as Told);
}

const writer = new MessageWriter();
writer.compresses = false;
const plain = new Uint8Array(200_000);
const owner = new Uint8Array(255);

/** What we say of a message that was read: owners and data without compression, in hexadecimal digits. */
export function ourTold(message: Message, bytes: Uint8Array): Omit<Told, "again"> {
  const { records, from, to } = message;
  const rows: OracleRow[] = [];
  for (let index = 0; index < records.count; index++) {
    const [section, type, recordClass] = [records.section(index), records.type(index), records.class(index)];
    if (type === RecordType.opt && section !== Section.question) continue;
    const end = expandName(bytes, from, to, records.nameAt(index), owner, 0);
    const name = owner.subarray(0, end).toHex();
    if (section === Section.question) {
      rows.push([0, name, type, recordClass, 0, "", ""]);
      continue;
    }
    writer.begin(plain, 0, 65_535 + 600);
    writer.copy(message, bytes, index);
    const data = plain.subarray(12 + end + 10, writer.at).toHex();
    const text = rdataText(type, recordClass, bytes, from, records.rdataFrom(index), records.rdataTo(index));
    rows.push([section, name, type, recordClass, message.ttl(bytes, index), data, text]);
  }
  return { id: message.id, flags: message.flags, rcode: message.rcode, hasOpt: message.opt >= 0, rows };
}

const message = new Message();

export function ourJudgement(bytes: Uint8Array): Omit<Told, "again"> | undefined {
  return readMessage(message, bytes, 0, bytes.length) ? ourTold(message, bytes) : undefined;
}
