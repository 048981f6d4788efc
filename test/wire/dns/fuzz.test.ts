/** Foreign bytes and texts: none throws, none is taken for what it is not. `TENK_FUZZ=2500000` gives each test so many. */
import { expect, test } from "bun:test";
import { TenkError } from "../../../src/base/mod.ts";
import {
  CnameChain,
  copyMessage,
  expandName,
  givesPrivateAddress,
  isNegative,
  Message,
  MessageWriter,
  minTtl,
  nameEnd,
  nameText,
  negativeTtl,
  optionsText,
  parseName,
  parseRdata,
  parseType,
  Query,
  QueryVerdict,
  RecordType,
  rcodeOfVerdict,
  rdataText,
  readMessage,
  readQuery,
  responseMismatch,
  TYPE_NAMES,
  ttlOffsets,
  writeError,
  writeNameOfText,
} from "../../../src/wire/dns/mod.ts";
import { fuzz, type Random } from "../fuzz.ts";
import { latin1 } from "../support.ts";
import { CORPUS } from "./corpus.ts";
import { JIGGLE } from "./jiggle.ts";
import { recordsOf } from "./support.ts";

const TIMEOUT_MS = 3_600_000;
const PACKETS = [...CORPUS, ...JIGGLE].map(([, bytes]) => bytes);
const QUERIES = PACKETS.filter((bytes) => (bytes[2]! & 0x80) === 0);
const out = new Uint8Array(70_000);
const query = new Query();
const message = new Message();
const copied = new Message();
const writer = new MessageWriter();
const chain = new CnameChain();
const name = new Uint8Array(256);

function run(what: string, seeds: readonly Uint8Array[], attempt: (bytes: Uint8Array, random: Random) => void): void {
  test(
    what,
    () => {
      const { inputs, slowestMs } = fuzz(seeds, attempt);
      if (process.env.TENK_FUZZ) console.log(`${what}: ${inputs} inputs, slowest ${slowestMs.toFixed(2)} ms`);
      expect(inputs).toBeGreaterThan(100);
    },
    TIMEOUT_MS,
  );
}

function hold(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

run("queries", QUERIES, (bytes) => {
  const verdict = readQuery(query, bytes, 0, bytes.length);
  if (verdict === QueryVerdict.ok) {
    hold(/^[ -~]*$/.test(optionsText(bytes, query.optionsFrom, query.optionsTo)), "options that are not fit to print");
    hold(readMessage(message, bytes, 0, bytes.length), `a query that is no message: ${message.refusal}`);
    hold(message.records.type(0) === query.type && message.records.count <= 2, "another question");
    hold(nameEnd(bytes, query.nameFrom, bytes.length) === query.nameEnd, "another name");
  }
  const rcode = rcodeOfVerdict(verdict);
  if (rcode < 0) return;
  const end = writeError(out, 0, query, bytes, rcode === 0 ? 2 : rcode, 14);
  hold(readMessage(copied, out, 0, end), `an answer that is no message: ${copied.refusal}`);
  hold(copied.id === query.id && copied.isResponse, "another id");
});

run("messages", PACKETS, (bytes, random) => {
  responseMismatch(PACKETS[2]!, 0, 33, bytes, 0, bytes.length);
  if (!readMessage(message, bytes, 0, bytes.length)) {
    hold(message.refusal !== undefined, "refused without a reason");
    return;
  }
  const { records } = message;
  minTtl(message, bytes);
  hold(negativeTtl(message, bytes) >= -1, "a negative TTL");
  isNegative(message, RecordType.a);
  const offsets = new Uint16Array(records.count);
  for (const at of offsets.subarray(0, ttlOffsets(message, offsets))) hold(at + 4 < bytes.length, "a TTL outside");
  chain.count = 0;
  if (message.count(0) === 1) chain.read(message, bytes);
  for (let index = message.starts[1]!; index < records.count; index++) {
    hold(records.rdataTo(index) <= bytes.length && records.rdataFrom(index) <= records.rdataTo(index), "data outside");
    givesPrivateAddress(message, bytes, index);
    chain.includes(message, bytes, index);
  }
  if (random(4) > 0) return;
  // What is copied says the same, but for the case of names that are pointed at.
  writer.begin(out, 0, 65_535);
  writer.header(message.id, message.flags);
  copyMessage(writer, message, bytes);
  if (writer.isFull) return;
  const end = writer.finish();
  hold(readMessage(copied, out, 0, end), `a copy that is no message: ${copied.refusal}`);
  const text = (of: Message, from: Uint8Array) =>
    recordsOf(of, from)
      .filter(([section, , type]) => section === 0 || type !== "OPT")
      .join("\n")
      .toLowerCase();
  hold(text(copied, out) === text(message, bytes), `a copy that differs: ${text(copied, out)}`);
});

run("compressed names", PACKETS, (bytes, random) => {
  const at = random(bytes.length + 1);
  const end = expandName(bytes, 0, bytes.length, at, name, 0);
  hold(end === -1 || (end <= 255 && nameEnd(name, 0, end) === end), "a name that is none");
});

const NAMES = ["www.home.arpa", "a\\.b\\032.\\255", ".", "xn--a.", `${"a.".repeat(127)}`, "x".repeat(63)].map(latin1);
run("names as text", NAMES, (text) => {
  const end = writeNameOfText(text, 0, text.length, name, 0);
  if (end < 0) return;
  hold(end <= 255 && nameEnd(name, 0, end) === end, "a name that is none");
  const again = parseName(nameText(name));
  hold(again !== undefined && Buffer.compare(again, name.subarray(0, end)) === 0, "another name");
});

/** The data of every record of the corpus, behind their type. */
const TEXTS = CORPUS.flatMap(([, bytes]) => {
  readMessage(message, bytes, 0, bytes.length);
  return recordsOf(message, bytes)
    .filter(([section, , type]) => section > 0 && type !== "OPT")
    .map(([, , type, , text]) => latin1(`${type} ${text}`));
});
run("records as text", TEXTS, (bytes, random) => {
  const given = Buffer.from(bytes).toString("latin1");
  const cut = given.indexOf(" ");
  const typeText = random(8) === 0 ? TYPE_NAMES[random(TYPE_NAMES.length)]! : given.slice(0, cut);
  const type = parseType(typeText);
  if (type === undefined) return;
  let data: Uint8Array;
  try {
    data = parseRdata(type, given.slice(cut + 1));
  } catch (error) {
    if (error instanceof TenkError) return;
    throw error;
  }
  const text = rdataText(type, 1, data, 0, 0, data.length);
  hold(/^[ -~]*$/.test(text), `not fit to print: ${text}`);
  hold(Buffer.compare(parseRdata(type, text), data) === 0, `other data: ${text}`);
});
