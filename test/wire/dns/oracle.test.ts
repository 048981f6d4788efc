/**
 * Messages, records and names beside dnspython and miekg/dns, which share no code with us or with each other: what all accept says the same,
 * and nothing is accepted that both refuse. `TENK_FUZZ=100000` gives so many messages.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { nameText, parseName, parseRdata, RecordClass, RecordType } from "../../../src/wire/dns/mod.ts";
import { testWithoutGo } from "../../net/go.ts";
import { mutated, randomFrom } from "../fuzz.ts";
import { hex } from "../support.ts";
import { CORPUS } from "./corpus.ts";
import {
  dnspython,
  hasDnspython,
  hasGo,
  type Judge,
  miekg,
  ourJudgement,
  type Told,
  testWithoutDnspython,
  toldOf,
} from "./oracle.ts";
import { randomLabels, randomMessage } from "./random-message.ts";
import { wireOf } from "./support.ts";

const COUNT = Number(process.env.TENK_FUZZ ?? 500);
/** The suite gives the judges the same messages each time: they have faults of their own, which should fail nobody's change. */
const SEED = Number(process.env.TENK_FUZZ_SEED ?? (process.env.TENK_FUZZ ? Date.now() % 2 ** 32 : 1));
// The first run builds the program in Go.
setDefaultTimeout(3_600_000);

const CAA = 257;
const CSYNC = 62;
const CERT = 37;
const LOC = 29;

const random = randomFrom(SEED);
const seeds = CORPUS.map(([, bytes]) => bytes);
/** Every message of the corpus, some made at random, and mutated ones; with the opcode QUERY, since dnspython reads UPDATE otherwise. */
const MESSAGES = [
  ...seeds,
  ...Array.from({ length: COUNT / 4 }, () => randomMessage(random)),
  ...Array.from({ length: COUNT }, () => mutated(seeds, random)),
].filter((bytes) => bytes.length >= 12 && bytes.length < 20_000 && (bytes[2]! & 0x78) === 0);

type Said = Omit<Told, "again">;

/** MD, MF, MB, MG, MR, MINFO: as good as gone, and bytes to dnspython. */
const BYTES_TO_ONE = new Set([3, 4, 7, 8, 9, 14]);

/** Whether the data of a row are compared: CHAOS has addresses of its own, and we read no more than bytes of some types that they know. */
function isJudged([section, , type, recordClass, , , text]: Said["rows"][number]): boolean {
  if (section === 0 || recordClass !== RecordClass.in || BYTES_TO_ONE.has(type)) return false;
  return type >= 65_280 || !text.startsWith("\\#");
}

/** What is compared of a message. They keep TTLs as numbers without a sign. */
function comparable({ id, flags, rcode, hasOpt, rows }: Said, ours: Said, ignoresCase = false): string {
  const lines = rows.map(([section, owner, type, recordClass, ttl, data], index) => {
    const row = ours.rows[index];
    const seconds = ttl < 2 ** 31 ? ttl : 0;
    return [section, owner, type, recordClass, seconds, row && isJudged(row) ? data : ""].join(" ");
  });
  const text = JSON.stringify({ id, flags, rcode, hasOpt, lines });
  return ignoresCase ? lowered(text) : text;
}

/** Bytes of letters in lower case, in hexadecimal digits. */
function lowered(text: string): string {
  return text.replace(/[0-9a-f]{2}/g, (pair) => {
    const byte = Number.parseInt(pair, 16);
    return byte >= 0x41 && byte <= 0x5a ? (byte | 0x20).toString(16) : pair;
  });
}

const JUDGES: readonly (readonly [what: string, judge: Judge | undefined, without: (what: string) => void])[] = [
  ["dnspython", hasDnspython ? dnspython : undefined, testWithoutDnspython],
  ["miekg/dns", hasGo ? miekg : undefined, testWithoutGo],
];

for (const [what, judge, without] of JUDGES) {
  describe(what, () => {
    if (judge === undefined) {
      without(`DNS messages beside ${what}`);
      return;
    }

    test("reads messages as we do", () => {
      const lines = judge(MESSAGES.map((bytes) => `m ${bytes.toHex()}`));
      let both = 0;
      const others: [ours: Said, theirs: Told][] = [];
      for (const [index, bytes] of MESSAGES.entries()) {
        const ours = ourJudgement(bytes);
        const theirs = toldOf(lines[index]!);
        if (ours === undefined || theirs === undefined) continue;
        // miekg/dns loses them.
        if (ours.rows.some(([, , type, , , , text]) => type === CAA && text.includes("\\\\"))) continue;
        both += 1;
        expect(comparable(theirs, ours), `TENK_FUZZ_SEED=${SEED} ${bytes.toHex()}`).toBe(comparable(ours, ours));
        others.push([ours, theirs]);
      }
      if (process.env.TENK_FUZZ) console.log(`${what}: ${MESSAGES.length} messages, ${both} that both read`);
      expect(both).toBeGreaterThan(MESSAGES.length / 4);
      // And what it writes of them says the same to us; its compression may change the case of names.
      for (const [ours, theirs] of others) {
        const again = ourJudgement(hex(theirs.again));
        const why = `TENK_FUZZ_SEED=${SEED} ${theirs.again}`;
        expect(again && comparable(again, ours, true), why).toBe(comparable(theirs, ours, true));
      }
    });

    test("reads our text of records, and we read its text", () => {
      const rows = MESSAGES.flatMap((bytes) => ourJudgement(bytes)?.rows ?? []).filter(isJudged);
      const texts = [...new Map(rows.map((row) => [`${row[2]} ${row[5]}`, row])).values()].filter(isTextCommon);
      const back = judge(texts.map((row) => `t ${row[2]} ${row[6]}`));
      let read = 0;
      for (const [index, [, , type, , , data, text]] of texts.entries()) {
        if (back[index]!.startsWith("refused")) continue;
        read += 1;
        expect(canonical(type, back[index]!), `TENK_FUZZ_SEED=${SEED} ${type} ${text}`).toBe(canonical(type, data));
      }
      expect(read).toBeGreaterThan(texts.length * 0.8);
      // What we refuse may mean something else to them than their text says.
      const lines = judge(MESSAGES.filter(ourJudgement).map((bytes) => `m ${bytes.toHex()}`));
      let parsed = 0;
      for (const row of lines.flatMap((line) => toldOf(line)?.rows ?? []).filter(isJudged)) {
        const [, , type, , , data, text] = row;
        if (!isTextCommon(row)) continue;
        const bytes = attempt(() => parseRdata(type, text).toHex());
        if (bytes === undefined) continue;
        parsed += 1;
        expect(canonical(type, bytes), `TENK_FUZZ_SEED=${SEED} ${type} ${text}`).toBe(canonical(type, data));
      }
      expect(parsed).toBeGreaterThan(rows.length / 2);
    });

    test("writes names as we do, or so that we read them", () => {
      const names = Array.from({ length: COUNT }, () => wireOf(randomLabels(random)));
      const texts = judge(names.map((name) => `n ${name.toHex()}`));
      for (const [index, name] of names.entries()) {
        const text = texts[index]!;
        if (what === "dnspython") expect(text === "." ? text : text.slice(0, -1)).toBe(nameText(name));
        // miekg/dns leaves a few characters as they are that zone files give a meaning to.
        expect(parseName(text.replaceAll("\\ ", "\\032"))?.toHex(), text).toBe(name.toHex());
      }
    });
  });
}

/**
 * dnspython reads `\\200` outside of TXT as a character of UTF-8, miekg/dns rounds centimetres of LOC and loses backslashes of CAA, and
 * both have names for the numbers of CERT.
 */
function isTextCommon([, , type, , , , text]: Said["rows"][number]): boolean {
  if (type === CERT || (type === LOC && /\.(?!00)\d\dm/.test(text)) || (type === CAA && text.includes("\\")))
    return false;
  return type === RecordType.txt || !/\\(12[89]|1[3-9]|2)/.test(text);
}

/** Lists of types may have zeros at the end of a window, which texts do not show. */
function canonical(type: number, data: string): string {
  const listed: readonly number[] = [RecordType.nsec, RecordType.nsec3, CSYNC];
  return listed.includes(type) ? data.replace(/(00)+$/, "") : data;
}

function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

describe("dnspython and miekg/dns together", () => {
  if (!hasDnspython || !hasGo) return;

  test("refuse nothing that we accept", () => {
    const lines = MESSAGES.map((bytes) => `m ${bytes.toHex()}`);
    const [python, go] = [dnspython(lines), miekg(lines)];
    for (const [index, bytes] of MESSAGES.entries()) {
      if (!python[index]!.startsWith("refused") || !go[index]!.startsWith("refused")) continue;
      const why = `TENK_FUZZ_SEED=${SEED} ${bytes.toHex()}: ${python[index]}, ${go[index]}`;
      expect(
        ourJudgement(bytes)?.rows.every((row) => row[0] === 0 || isJudged(row)),
        why,
      ).not.toBe(true);
    }
  });
});
