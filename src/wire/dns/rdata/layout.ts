import { parseType } from "../record-type.ts";

/** Kinds of fields in the data of records. Those of the last group take all that is left. */
export const Field = {
  uint8: 1,
  uint16: 2,
  uint32: 3,
  /** Seconds since 1970 in 32 bits, as text `20260131235959`. */
  time: 4,
  /** A type of records. */
  type: 5,
  ipv4: 6,
  ipv6: 7,
  name: 8,
  /** Up to 255 bytes behind their count. */
  string: 9,
  /** The same without quotes: letters and digits, at least one. */
  word: 10,
  /** The same in hexadecimal digits, `-` for none. */
  salt: 11,
  /** The same in base32hex, at least one byte. */
  hash: 12,
  /** Latitude, longitude, altitude of LOC. */
  location: 13,
  eui48: 14,
  eui64: 15,
  /** 64 bits as four groups of hexadecimal digits. */
  locator: 16,

  /** Strings, at least one. */
  strings: 17,
  /** Bytes in quotes, without a count. */
  text: 18,
  /** At least one byte, as of the next. */
  hex: 19,
  base64: 20,
  /** Types that exist at a name (RFC 4034 §4.1.2). */
  bitmap: 21,
  /** Parameters of SVCB and HTTPS. */
  parameters: 22,
} as const;

export type Field = (typeof Field)[keyof typeof Field];

/** What the data of a type consist of. */
export interface Layout {
  readonly fields: readonly Field[];
  /** What each field is called, for errors. */
  readonly names: readonly string[];
  /** Names may be written compressed (RFC 3597 §4): only those of RFC 1035's types, which every reader knows. */
  readonly mayCompress: boolean;
  /** The layout is defined for the class IN alone. */
  readonly isInOnly: boolean;
}

const ONE_NAME = "target:name";
const PREFERRED = "preference:uint16 target:name";
const PUBLIC_KEY = "flags:uint16 protocol:uint8 algorithm:uint8 key:base64";
const DIGEST = "keyTag:uint16 algorithm:uint8 digestType:uint8 digest:hex";
const ASSOCIATION = "usage:uint8 selector:uint8 matchingType:uint8 data:hex";
const SIGNATURE =
  "covered:type algorithm:uint8 labels:uint8 ttl:uint32 expiration:time inception:time keyTag:uint16 signer:name signature:base64";
const SERVICE = "priority:uint16 target:name parameters:parameters";
const STRINGS = "text:strings";

/** All other types are bytes: `\# 2 abcd` (RFC 3597 §5). */
const TEXTS: Readonly<Record<string, string>> = {
  A: "address:ipv4",
  NS: ONE_NAME,
  MD: ONE_NAME,
  MF: ONE_NAME,
  CNAME: ONE_NAME,
  SOA: "server:name mailbox:name serial:uint32 refresh:uint32 retry:uint32 expire:uint32 minimum:uint32",
  MB: ONE_NAME,
  MG: ONE_NAME,
  MR: ONE_NAME,
  PTR: ONE_NAME,
  HINFO: "cpu:string os:string",
  MINFO: "responsible:name errors:name",
  MX: PREFERRED,
  TXT: STRINGS,
  RP: "mailbox:name text:name",
  AFSDB: PREFERRED,
  X25: "address:string",
  RT: PREFERRED,
  SIG: SIGNATURE,
  PX: "preference:uint16 map822:name mapX400:name",
  AAAA: "address:ipv6",
  LOC: "location:location",
  SRV: "priority:uint16 weight:uint16 port:uint16 target:name",
  NAPTR: "order:uint16 preference:uint16 flags:string services:string regexp:string replacement:name",
  KX: PREFERRED,
  CERT: "type:uint16 keyTag:uint16 algorithm:uint8 certificate:base64",
  DNAME: ONE_NAME,
  DS: DIGEST,
  SSHFP: "algorithm:uint8 type:uint8 fingerprint:hex",
  RRSIG: SIGNATURE,
  NSEC: "next:name types:bitmap",
  DNSKEY: PUBLIC_KEY,
  DHCID: "data:base64",
  NSEC3: "algorithm:uint8 flags:uint8 iterations:uint16 salt:salt next:hash types:bitmap",
  NSEC3PARAM: "algorithm:uint8 flags:uint8 iterations:uint16 salt:salt",
  TLSA: ASSOCIATION,
  SMIMEA: ASSOCIATION,
  NINFO: STRINGS,
  CDS: DIGEST,
  CDNSKEY: PUBLIC_KEY,
  OPENPGPKEY: "key:base64",
  CSYNC: "serial:uint32 flags:uint16 types:bitmap",
  ZONEMD: "serial:uint32 scheme:uint8 algorithm:uint8 digest:hex",
  SVCB: SERVICE,
  HTTPS: SERVICE,
  SPF: STRINGS,
  NID: "preference:uint16 id:locator",
  L32: "preference:uint16 locator:ipv4",
  L64: "preference:uint16 locator:locator",
  LP: PREFERRED,
  EUI48: "address:eui48",
  EUI64: "address:eui64",
  URI: "priority:uint16 weight:uint16 target:text",
  CAA: "flags:uint8 tag:word value:text",
  AVC: STRINGS,
  RESINFO: STRINGS,
  WALLET: STRINGS,
  DLV: DIGEST,
};
const MAY_COMPRESS = new Set("NS MD MF CNAME SOA MB MG MR PTR MINFO MX".split(" "));
const IN_ONLY = new Set("A AAAA PX SRV NAPTR KX DHCID SVCB HTTPS".split(" "));

const LAYOUTS = new Map<number, Layout>();
for (const [type, text] of Object.entries(TEXTS)) {
  const fields = text.split(" ").map((field) => field.split(":") as [string, keyof typeof Field]);
  LAYOUTS.set(parseType(type)!, {
    fields: fields.map(([, kind]) => Field[kind]),
    names: fields.map(([name]) => name),
    mayCompress: MAY_COMPRESS.has(type),
    isInOnly: IN_ONLY.has(type),
  });
}

/** Class IN, with or without the bit that mDNS puts into it (RFC 6762 §10.2). */
const IN = 1;
const CLASS_BITS = 0x7fff;

/** Returns the layout of a type's data; undefined where they are bytes. Most types are the same in all classes (RFC 1035 §3.3). */
export function layoutOf(type: number, recordClass: number): Layout | undefined {
  const layout = LAYOUTS.get(type);
  return layout?.isInOnly && (recordClass & CLASS_BITS) !== IN ? undefined : layout;
}
