import { ascii, equalsIgnoringCase, IS_AMBIGUOUS, TOKEN } from "./characters.ts";

/**
 * Ids of field names that tenk knows. The name on the wire is the key with `-` before each capital letter.
 * The first four are classes of names that have no id of their own.
 */
export const FieldName = {
  unknown: 0,
  /** A name with `_` or `.`: some targets take `X_Real_IP` for `X-Real-IP`. */
  ambiguous: 1,
  /** An end-to-end field that `Connection` names, which ends at this hop (RFC 9110 §7.6.1). */
  namedByConnection: 2,
  /** Any `X-Forwarded-…` without an id of its own, such as `X-Forwarded-User`. */
  xForwardedOther: 3,

  // Framing and this hop.
  host: 4,
  connection: 5,
  contentLength: 6,
  transferEncoding: 7,
  te: 8,
  trailer: 9,
  upgrade: 10,
  expect: 11,
  keepAlive: 12,
  proxyConnection: 13,
  proxyAuthenticate: 14,
  proxyAuthorization: 15,
  altSvc: 16,
  http2Settings: 17,

  // Statements of proxies about the client.
  xForwardedFor: 18,
  xForwardedProto: 19,
  xForwardedHost: 20,
  xForwardedPort: 21,
  xForwardedPrefix: 22,
  xForwardedServer: 23,
  xRealIp: 24,
  forwarded: 25,
  proxy: 26,

  // End to end.
  via: 27,
  server: 28,
  date: 29,
  location: 30,
  contentType: 31,
  contentEncoding: 32,
  contentRange: 33,
  accept: 34,
  acceptEncoding: 35,
  authorization: 36,
  wwwAuthenticate: 37,
  cookie: 38,
  setCookie: 39,
  userAgent: 40,
  referer: 41,
  origin: 42,
  range: 43,
  ifMatch: 44,
  ifNoneMatch: 45,
  ifModifiedSince: 46,
  ifUnmodifiedSince: 47,
  ifRange: 48,
  cacheControl: 49,
  etag: 50,
  lastModified: 51,
  vary: 52,
  strictTransportSecurity: 53,
  secWebsocketKey: 54,
  secWebsocketVersion: 55,
  secWebsocketAccept: 56,
  secWebsocketProtocol: 57,
  secWebsocketExtensions: 58,
  earlyData: 59,
  age: 60,
  allow: 61,
  retryAfter: 62,
  maxForwards: 63,
  acceptRanges: 64,
} as const;

export type FieldName = (typeof FieldName)[keyof typeof FieldName];

/** Ids are below this number. */
export const FIELD_NAMES = 65;
const CLASSES = 4;

/** A set of names by id: `set[id] === 1`. */
export type FieldSet = Uint8Array;

/** Returns the set of `names`. */
export function fieldSet(...names: readonly FieldName[]): FieldSet {
  const set = new Uint8Array(FIELD_NAMES);
  for (const name of names) set[name] = 1;
  return set;
}

/** Fields of one hop, never forwarded as they are in either direction (RFC 9110 §7.6.1), among them those that frame a message. */
export const HOP_BY_HOP: FieldSet = fieldSet(
  FieldName.namedByConnection,
  FieldName.connection,
  FieldName.contentLength,
  FieldName.transferEncoding,
  FieldName.te,
  FieldName.trailer,
  FieldName.upgrade,
  FieldName.expect,
  FieldName.keepAlive,
  FieldName.proxyConnection,
  FieldName.proxyAuthenticate,
  FieldName.proxyAuthorization,
  FieldName.altSvc,
  FieldName.http2Settings,
);

/** Fields by which a proxy describes the client to a target: only those of trusted proxies are believed. `Proxy` is httpoxy's. */
export const FORWARDING: FieldSet = fieldSet(
  FieldName.xForwardedOther,
  FieldName.xForwardedFor,
  FieldName.xForwardedProto,
  FieldName.xForwardedHost,
  FieldName.xForwardedPort,
  FieldName.xForwardedPrefix,
  FieldName.xForwardedServer,
  FieldName.xRealIp,
  FieldName.forwarded,
  FieldName.proxy,
);

/*
 * A rolling hash of the name's bytes finds the only name that it can be, and a comparison decides. `| 0x20` makes capital letters
 * small; what else it maps together, the comparison tells apart. The multiplier makes the hash perfect for these names; the loop
 * below throws at once should a new name break that.
 */
export const HASH_FACTOR = 43;
const BUCKETS = 1024;
const idOfBucket = new Uint8Array(BUCKETS);
const bytesOfId: Uint8Array[] = new Array(FIELD_NAMES).fill(new Uint8Array(0));

for (const [key, id] of Object.entries(FieldName)) {
  if (id < CLASSES) continue;
  const name = ascii(wireNameOf(key));
  const bucket = hashOf(name, 0, name.length) & (BUCKETS - 1);
  if (idOfBucket[bucket] !== 0) throw new Error(`Cannot tell ${key} from another name: choose another HASH_FACTOR`);
  idOfBucket[bucket] = id;
  bytesOfId[id] = name;
}

function wireNameOf(key: string): string {
  return key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let at = from; at < to; at++) hash = (Math.imul(hash, HASH_FACTOR) + (bytes[at]! | 0x20)) | 0;
  return hash;
}

/** Returns the id of a name whose rolling hash and joined `TOKEN` classes are known. */
export function fieldNameByHash(bytes: Uint8Array, from: number, to: number, hash: number, classes: number): FieldName {
  const candidate = idOfBucket[hash & (BUCKETS - 1)]!;
  if (candidate !== 0 && equalsIgnoringCase(bytes, from, to, bytesOfId[candidate]!)) return candidate as FieldName;
  if ((classes & IS_AMBIGUOUS) !== 0) return FieldName.ambiguous;
  return startsWithForwarded(bytes, from, to) ? FieldName.xForwardedOther : FieldName.unknown;
}

const FORWARDED_PREFIX = ascii("x-forwarded-");

function startsWithForwarded(bytes: Uint8Array, from: number, to: number): boolean {
  const end = from + FORWARDED_PREFIX.length;
  return to > end && (bytes[from]! | 0x20) === 0x78 && equalsIgnoringCase(bytes, from, end, FORWARDED_PREFIX);
}

/** Returns the id of a name, in any case; -1 when it is not a token and so no name. */
export function fieldNameOf(bytes: Uint8Array, from: number, to: number): FieldName | -1 {
  let classes = 0;
  for (let at = from; at < to; at++) {
    const kind = TOKEN[bytes[at]!]!;
    if (kind === 0) return -1;
    classes |= kind;
  }
  return from === to ? -1 : fieldNameByHash(bytes, from, to, hashOf(bytes, from, to), classes);
}

/** Returns the name of an id in lower case; an empty string for a class. */
export function fieldNameText(name: FieldName): string {
  return String.fromCharCode(...bytesOfId[name]!);
}
