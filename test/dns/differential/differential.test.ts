import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { parseType, typeName } from "../../../src/wire/dns/mod.ts";
import { hasPrograms } from "../../app/admin/nginx-support.ts";
import { withBox } from "../server/support.ts";
import { type Asked, askAll } from "./ask-all.ts";
import { NSD, startAuthority, startUnbound, UNBOUND } from "./authority.ts";
import { makeZone, randomOf } from "./zone.ts";

const LIST = new URL("../../../../shared/data/blocklist-basic.hosts.txt", import.meta.url);
const QUESTIONS = Number(process.env.TENK_DIFFERENTIAL ?? 3000);
const SEED = Number(process.env.TENK_SEED ?? 12);

/** Every type of the IANA list that is a type of records, and some numbers that are none. */
const TYPES = [
  ...Array.from({ length: 66 }, (_, at) => at + 1).filter((type) => type !== 41),
  ...[99, 104, 105, 106, 107, 108, 109, 256, 257, 258, 259, 260, 261, 262, 32_768, 32_769, 65_280, 65_281],
];
const COMMON = ["A", "AAAA", "HTTPS", "TXT", "MX", "SRV", "PTR", "CAA"].map((name) => parseType(name)!);

/** Where tenk answers otherwise by intent, or the name server is the reason. */
const EXPLAINED: readonly ((asked: Asked, ours: string, theirs: string) => boolean)[] = [
  // tenk sends no datagram that would travel in fragments (1232 bytes); unbound up to 4096 where the client accepts them.
  ({ udpBytes = 512 }, ours) => udpBytes > 1232 && ours === "TRUNCATED",
  // NSD gives no CNAME for NSEC3 (RFC 5155 §7.2.8); unbound adds one that it has from another question.
  ({ type }) => type === NSEC3,
];
const NSEC3 = 50;

test.if(hasPrograms("tenk beside unbound", [NSD, UNBOUND]))(
  `of ${QUESTIONS} random questions tenk and unbound give the same answers, from one name server`,
  async () => {
    const random = randomOf(SEED);
    const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]!;
    const zone = makeZone(listedNames(2000), random);
    await using authority = await startAuthority(zone.text);
    await using unbound = await startUnbound(authority.port);
    const questions: Asked[] = Array.from({ length: QUESTIONS }, () => ({
      name: spelled(pick(zone.names), random),
      type: random() < 0.6 ? pick(COMMON) : pick(TYPES),
      udpBytes: pick([undefined, 512, 1232, 4096]),
      wantsDnssec: random() < 0.2,
      flags: pick([0x0100, 0x0110, 0x0120]),
    }));
    const config = `dns: { listen: 127.0.0.1:0, tls: off, blocklists: [], upstreams: ["127.0.0.1:${authority.port}"] }\n`;
    await withBox(config, async ({ port }) => {
      const [ours, theirs] = [await askAll(port, questions), await askAll(unbound.port, questions)];
      const different = questions.flatMap((asked, at) => {
        if (ours[at] === theirs[at] || EXPLAINED.some((isIt) => isIt(asked, ours[at]!, theirs[at]!))) return [];
        return [
          {
            asked: `${asked.name} ${typeName(asked.type)} ${asked.udpBytes ?? "-"} ${asked.flags}`,
            tenk: ours[at],
            unbound: theirs[at],
          },
        ];
      });
      expect(different.slice(0, 10)).toEqual([]);
    });
  },
  600_000,
);

/** Names of a public list, or made ones where there is none. */
function listedNames(count: number): string[] {
  if (!existsSync(LIST)) return Array.from({ length: count }, (_, at) => `host${at}.d${at % 37}.example`);
  const lines = readFileSync(LIST, "latin1").split("\n");
  const names = lines.flatMap((line) => /^0\.0\.0\.0 ([a-z0-9.-]+\.[a-z]+)$/.exec(line)?.[1] ?? []);
  const step = Math.max(1, Math.floor(names.length / count));
  return [...new Set(names.filter((_, at) => at % step === 0))].slice(0, count);
}

/** Half of them in random case. */
function spelled(name: string, random: () => number): string {
  if (random() < 0.5) return name;
  return name.replace(/[a-z]/g, (letter) => (random() < 0.5 ? letter.toUpperCase() : letter));
}
