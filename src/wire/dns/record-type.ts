/** Types of records (IANA, DNS Resource Record TYPEs), with the numbers of those that the code itself names. */
export const RecordType = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  mx: 15,
  txt: 16,
  aaaa: 28,
  srv: 33,
  dname: 39,
  opt: 41,
  ds: 43,
  rrsig: 46,
  nsec: 47,
  dnskey: 48,
  nsec3: 50,
  nsec3param: 51,
  svcb: 64,
  https: 65,
  ixfr: 251,
  axfr: 252,
  any: 255,
} as const;

export const OPT = RecordType.opt;

/** Runs of names, each with the number of its first. */
const NAMES: readonly (readonly [first: number, names: string])[] = [
  [
    1,
    "A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP-PTR SIG KEY PX GPOS",
  ],
  [
    28,
    "AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID",
  ],
  [50, "NSEC3 NSEC3PARAM TLSA SMIMEA"],
  [55, "HIP NINFO RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT BRID"],
  [99, "SPF UINFO UID GID UNSPEC NID L32 L64 LP EUI48 EUI64"],
  [128, "NXNAME"],
  [249, "TKEY TSIG IXFR AXFR MAILB MAILA ANY URI CAA AVC DOA AMTRELAY RESINFO WALLET CLA IPN"],
  [32_768, "TA DLV"],
];

const NAME_OF = new Map<number, string>();
const TYPE_OF = new Map<string, number>();
for (const [first, names] of NAMES) {
  for (const [index, name] of names.split(" ").entries()) {
    NAME_OF.set(first + index, name);
    TYPE_OF.set(name, first + index);
  }
}

/** Returns a type's name; `TYPE1234` for one that has none (RFC 3597 §5). */
export function typeName(type: number): string {
  return NAME_OF.get(type) ?? `TYPE${type}`;
}

/** Parses a type's name in any case, or `TYPE1234`; undefined where there is no such type. */
export function parseType(text: string): number | undefined {
  return TYPE_OF.get(text.toUpperCase()) ?? numbered(text, "TYPE");
}

/** The names of all types that have one. */
export const TYPE_NAMES: readonly string[] = [...TYPE_OF.keys()];

const CLASSES: readonly (readonly [number, string])[] = [
  [1, "IN"],
  [3, "CH"],
  [4, "HS"],
  [254, "NONE"],
  [255, "ANY"],
];

export const RecordClass = { in: 1, ch: 3, hs: 4, none: 254, any: 255 } as const;

/** Returns a class's name; `CLASS1234` for one that has none. */
export function className(number: number): string {
  return CLASSES.find(([code]) => code === number)?.[1] ?? `CLASS${number}`;
}

/** Parses a class's name in any case, or `CLASS1234`; undefined where there is no such class. */
export function parseClass(text: string): number | undefined {
  return CLASSES.find(([, name]) => name === text.toUpperCase())?.[0] ?? numbered(text, "CLASS");
}

function numbered(text: string, prefix: string): number | undefined {
  if (!text.toUpperCase().startsWith(prefix)) return undefined;
  const digits = text.slice(prefix.length);
  const number = Number(digits);
  return /^(0|[1-9]\d{0,4})$/.test(digits) && number <= 65_535 ? number : undefined;
}
