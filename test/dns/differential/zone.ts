/** Numbers that are the same in each run with one seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Zone {
  readonly text: string;
  /** Names that exist, and some that do not. */
  readonly names: readonly string[];
}

/** Record data of every kind that NSD takes and that clients may ask for. */
const DATA: readonly ((pick: (most: number) => number, name: () => string) => string)[] = [
  (pick) => `A 198.51.${pick(256)}.${pick(256)}`,
  (pick) => `A 8.8.${pick(256)}.${pick(256)}`,
  (pick) => `AAAA 2a00:1450::${(pick(65_535) + 1).toString(16)}`,
  (pick, name) => `MX ${pick(100)} ${name()}`,
  (pick) => `TXT "v=spf1 ${"x".repeat(pick(200))}"`,
  (pick) => `TXT "${"a".repeat(250)}" "${"b".repeat(250)}" "${"c".repeat(pick(250))}"`,
  (pick, name) => `SRV ${pick(10)} ${pick(10)} ${pick(65_535)} ${name()}`,
  (_, name) => `HTTPS 1 ${name()} alpn=h2,h3 port=8443`,
  (_, name) => `SVCB 2 ${name()} alpn=dot`,
  () => 'CAA 0 issue "ca.example"',
  (_, name) => `NAPTR 100 10 "S" "SIP+D2U" "" ${name()}`,
  () => "SSHFP 1 1 123456789abcdef67890123456789abcdef67890",
  () => "TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  () => "LOC 51 30 12.748 N 0 7 39.611 W 0.00m 1m 10000m 10m",
  (_, name) => `PTR ${name()}`,
  () => 'HINFO "PC" "Linux"',
  (_, name) => `RP ${name()} ${name()}`,
  () => 'URI 10 1 "https://example.org/"',
  () => "TYPE65280 \\# 4 0a0b0c0d",
];

/** Makes a zone of the root out of names, and what to ask for. */
export function makeZone(given: readonly string[], random: () => number): Zone {
  const pick = (most: number) => Math.floor(random() * most);
  const names = given.map((name) => `${name}.`);
  const name = () => names[pick(names.length)]!;
  const lines = [
    "$ORIGIN .",
    "$TTL 300",
    ". SOA ns.tenk-authority. hostmaster.tenk-authority. 1 3600 600 86400 60",
    ". NS ns.tenk-authority.",
    "ns.tenk-authority. A 198.51.100.53",
    "renamed.tenk-authority. DNAME tenk-target.",
    "www.tenk-target. A 198.51.100.9",
    "loop1.tenk-authority. CNAME loop2.tenk-authority.",
    "loop2.tenk-authority. CNAME loop1.tenk-authority.",
    ...Array.from({ length: 30 }, (_, at) => `long${at}.tenk-authority. CNAME long${at + 1}.tenk-authority.`),
  ];
  const extra = [
    "www.renamed.tenk-authority.",
    "loop1.tenk-authority.",
    "long24.tenk-authority.",
    "ns.tenk-authority.",
    "tenk-target.",
  ];
  for (const each of names) {
    const kind = pick(10);
    if (kind === 0) lines.push(`${each} CNAME ${name()}`);
    else if (kind === 1) {
      lines.push(`*.${each} ${DATA[pick(DATA.length)]!(pick, name)}`);
      extra.push(`any${pick(1000)}.${each}`);
    } else {
      const ttl = kind === 2 ? 0 : 30 + pick(100_000);
      for (let left = 1 + pick(4); left > 0; left--) {
        // Records of one set have one TTL.
        lines.push(`${each} ${ttl} ${DATA[pick(DATA.length)]!(pick, name)}`);
      }
    }
  }
  const absent = names.slice(0, 200).map((each) => `absent${pick(1000)}.${each}`);
  return { text: `${lines.join("\n")}\n`, names: [...names, ...extra, ...absent] };
}
