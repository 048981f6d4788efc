import { Flag, MessageWriter, OptWriter, parseRdata, parseType, RecordClass } from "../../../src/wire/dns/mod.ts";
import type { Random } from "../fuzz.ts";
import { wireOf } from "./support.ts";

const LABELS = [
  "www",
  "example",
  "com",
  "a",
  "B",
  "xn--a",
  "_tcp",
  "*",
  "x".repeat(63),
  "a.b",
  'q"\\',
  "\0\xff",
  "My printer",
];

/** A few labels, usual ones and any bytes. */
export function randomLabels(random: Random): string[] {
  return Array.from({ length: random(6) }, () => {
    if (random(4) > 0) return LABELS[random(LABELS.length)]!;
    return String.fromCharCode(...Array.from({ length: 1 + random(12) }, () => random(256)));
  }).filter((_, index, all) => all.slice(0, index + 1).join(".").length < 250);
}

const word = (random: Random) => Array.from({ length: 1 + random(6) }, () => "aZ09"[random(4)]).join("");
const digits = (random: Random, bytes: number) =>
  Array.from({ length: 2 * bytes }, () => "0123456789abcdef"[random(16)]).join("");
const text = (random: Random) =>
  `"${Array.from({ length: random(20) }, () => `\\${String(random(256)).padStart(3, "0")}`).join("")}"`;
const ipv6 = (random: Random) => digits(random, 16).replace(/....(?!$)/g, "$&:");

/** Data as text, of one type each; `@` stands for a name. */
const MAKERS: readonly (readonly [type: string, make: (random: Random) => string])[] = [
  ["A", (random) => [0, 0, 0, 0].map(() => random(256)).join(".")],
  ["AAAA", ipv6],
  ["CNAME", () => "@"],
  ["NS", () => "@"],
  ["PTR", () => "@"],
  ["DNAME", () => "@"],
  ["MX", (random) => `${random(65_536)} @`],
  ["SOA", (random) => `@ @ ${[0, 0, 0, 0, 0].map(() => random(2 ** 32)).join(" ")}`],
  ["SRV", (random) => `${random(65_536)} ${random(65_536)} ${random(65_536)} @`],
  ["NAPTR", (random) => `${random(65_536)} ${random(65_536)} ${word(random)} ${text(random)} ${text(random)} @`],
  ["RP", () => "@ @"],
  ["TXT", (random) => Array.from({ length: 1 + random(4) }, () => text(random)).join(" ")],
  ["HINFO", (random) => `${text(random)} ${text(random)}`],
  ["CAA", (random) => `${random(256)} ${word(random)} "${word(random)}; a=b"`],
  ["URI", (random) => `${random(65_536)} ${random(65_536)} "http://${word(random)}/"`],
  ["DS", (random) => `${random(65_536)} ${random(256)} 2 ${digits(random, 32)}`],
  ["DNSKEY", (random) => `${random(65_536)} 3 ${random(256)} AQIDBA==`],
  ["SSHFP", (random) => `${random(256)} 2 ${digits(random, 32)}`],
  ["TLSA", (random) => `${random(256)} ${random(256)} ${random(256)} ${digits(random, 1 + random(40))}`],
  [
    "RRSIG",
    (random) =>
      `MX ${random(256)} ${random(128)} ${random(2 ** 31)} ${random(2 ** 31)} ${random(2 ** 31)} ${random(65_536)} @ AQID`,
  ],
  ["NSEC", (random) => `@ A TYPE${1 + random(65_000)} TYPE${1 + random(65_000)} AAAA`],
  [
    "NSEC3",
    (random) =>
      `1 ${random(2)} ${random(65_536)} ${digits(random, 1 + random(20))} 2t7b4g4vsa5smi47k61mv5bv1a22bojr A MX`,
  ],
  [
    "LOC",
    (random) =>
      `${random(90)} ${random(60)} ${random(60)}.${random(10)} S ${random(180)} 0 0 E ${random(9000)}.25m 1m ${random(10)}0m 3m`,
  ],
  [
    "HTTPS",
    (random) =>
      `${1 + random(65_535)} @ alpn="h2,${word(random)}" port=${random(65_536)} ipv4hint=192.0.2.${random(256)} ipv6hint=${ipv6(random)}`,
  ],
  [
    "SVCB",
    (random) =>
      `${1 + random(65_535)} @ mandatory=port port=${random(65_536)} key${1000 + random(9000)}=${word(random)}`,
  ],
  ["EUI48", (random) => digits(random, 6).replace(/..(?!$)/g, "$&-")],
  ["TYPE65280", (random) => `\\# 3 ${digits(random, 3)}`],
];

const writer = new MessageWriter();
const opt = new OptWriter();
const out = new Uint8Array(65_535);

/** A response of our writer with records of every kind, whose names have their ends in common. */
export function randomMessage(random: Random): Uint8Array {
  const names = Array.from({ length: 4 }, () => randomLabels(random).slice(0, 4));
  const name = () => {
    const labels = [...(random(2) === 0 ? [word(random)] : []), ...names[random(names.length)]!];
    return wireOf(labels.join(".").length < 250 ? labels : ["a"]);
  };
  writer.begin(out, 0, 1 + 600 + random(4000), 11);
  writer.header(random(65_536), Flag.response | (random(256) & ~0x0f));
  writer.question(name(), 0, 1 + random(300), RecordClass.in);
  for (let section = 1; section < 4; section++) {
    for (let count = random(5); count > 0; count--) {
      const [typeText, make] = MAKERS[random(MAKERS.length)]!;
      const type = parseType(typeText)!;
      const data = parseRdata(
        type,
        make(random).replaceAll("@", () => escaped(name())),
      );
      writer.record(section, name(), 0, type, RecordClass.in, random(2 ** 31), data, 0, data.length);
    }
  }
  if (random(2) === 0) opt.begin(writer, 512 + random(4000), random(2) === 0);
  return out.slice(0, writer.finish());
}

/** Every byte of every label as `\DDD`, which needs no knowledge of what is special. */
function escaped(name: Uint8Array): string {
  let text = "";
  for (let at = 0; name[at] !== 0; text += ".") {
    const end = at + name[at]! + 1;
    while (++at < end) text += `\\${String(name[at]).padStart(3, "0")}`;
  }
  return text === "" ? "." : text;
}
