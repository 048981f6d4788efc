import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { Verdict } from "../../../src/dns/blocking/mod.ts";
import { type Asker, type Blocker, CHAIN_COUNTS, type ChainParts, type Guard } from "../../../src/dns/chain/mod.ts";
import type { Rewrite } from "../../../src/dns/list-format/mod.ts";
import { LocalNames, type LocalRecord } from "../../../src/dns/local/mod.ts";
import { SpecialNames } from "../../../src/dns/special/mod.ts";
import { nameText, parseName } from "../../../src/wire/dns/mod.ts";

/** A guard that refuses for this reason, or nothing. */
export function guardThat(reason?: ReturnType<Guard["refusal"]>, isSilent = false): Guard {
  return { refusal: () => reason, isSilent, sawSpecial: () => undefined };
}

/** A blocker that decides by names as text, in small letters. */
export function blockerOf(decide: (name: string, asker: Asker) => Verdict, rewrites: readonly Rewrite[] = []): Blocker {
  return { decide: (bytes, at, _type, asker) => decide(nameText(bytes, at).toLowerCase(), asker), rewrites };
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
    blocker: blockerOf((name) => (name.startsWith("!") ? Verdict.blocked : Verdict.none)),
    cache,
    counts,
    blockMode: "null-address",
    blockTtlSeconds: 10,
  };
  return { ...parts, cache, counts };
}
