import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { CHAIN_COUNTS, type ChainParts, type Guard } from "../../../src/dns/chain/mod.ts";
import { LocalNames, type LocalRecord } from "../../../src/dns/local/mod.ts";
import { SpecialNames } from "../../../src/dns/special/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";

/** A guard that refuses for this reason, or nothing. */
export function guardThat(reason?: ReturnType<Guard["refusal"]>, isSilent = false): Guard {
  return { refusal: () => reason, isSilent, sawSpecial: () => undefined };
}

/** What the house of these tests declares. */
const LOCAL = new LocalNames({
  records: [address("nas.example", 1), address("!b.example", 2), address("git.home.arpa", 9)],
  own: [],
  networks: [],
  ttlSeconds: 60,
});

function address(name: string, last: number): LocalRecord {
  return { name: parseName(name)!, type: 1, ttlSeconds: 60, data: Uint8Array.of(192, 0, 0, last) };
}

/** Parts of a chain that answers everybody, and blocks names that begin with `!`. */
export function chainParts() {
  const cache = new AnswerWriter(new ArrayBuffer(65_536), { seed: 7 });
  const counts = new Float64Array(CHAIN_COUNTS);
  const parts: ChainParts = {
    guard: guardThat(),
    special: new SpecialNames({ bypassSignals: true }),
    local: LOCAL,
    blocker: { isBlocked: ({ nameFrom }, bytes) => bytes[nameFrom + 1] === "!".charCodeAt(0) },
    cache,
    counts,
    blockMode: "null-address",
    blockTtlSeconds: 10,
  };
  return { ...parts, cache, counts };
}
