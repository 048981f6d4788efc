import { ascii, equalsIgnoringCase, IS_AMBIGUOUS, latin1, TOKEN } from "./characters.ts";

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
  acceptEncoding: 34,
  authorization: 35,
  wwwAuthenticate: 36,
  cookie: 37,
  setCookie: 38,
  userAgent: 39,
  referer: 40,
  origin: 41,
  range: 42,
  ifNoneMatch: 43,
  ifModifiedSince: 44,
  ifRange: 45,
  cacheControl: 46,
  etag: 47,
  lastModified: 48,
  strictTransportSecurity: 49,
  secWebsocketKey: 50,
  secWebsocketVersion: 51,
  secWebsocketAccept: 52,
  secWebsocketProtocol: 53,
  secWebsocketExtensions: 54,
  earlyData: 55,
  age: 56,
  accept: 57,
} as const;

export type FieldName = (typeof FieldName)[keyof typeof FieldName];

/** Ids are below this number. */
export const FIELD_NAMES = 58;
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
const HASH_MASK = 1023;
const idOfHash = new Uint8Array(HASH_MASK + 1);
/** Names of all ids behind each other: id n has the bytes from startOfId[n] to startOfId[n + 1]. */
const allNames = ascii(
  Object.entries(FieldName)
    .filter(([, id]) => id >= CLASSES)
    .map(([key]) => wireNameOf(key))
    .join(""),
);
const startOfId = new Uint16Array(FIELD_NAMES + 1);

for (const [key, id] of Object.entries(FieldName)) {
  if (id < CLASSES) continue;
  const from = startOfId[id]!;
  const to = from + wireNameOf(key).length;
  startOfId[id + 1] = to;
  const bucket = hashOf(allNames, from, to) & HASH_MASK;
  if (idOfHash[bucket] !== 0) throw new Error(`Cannot tell ${key} from another name: choose another HASH_FACTOR`);
  idOfHash[bucket] = id;
}

function wireNameOf(key: string): string {
  return key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

/** Returns the rolling hash of a name, which is the same in any case. */
export function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let at = from; at < to; at++) hash = (Math.imul(hash, HASH_FACTOR) + (bytes[at]! | 0x20)) | 0;
  return hash;
}

/**
 * Returns the id of a name whose rolling hash is known, or `unknown`. Small, so that the runtime inlines it. Names have letters,
 * digits and `-` only, and no other token character becomes one of these by `| 0x20`.
 */
export function knownName(bytes: Uint8Array, from: number, to: number, hash: number): FieldName {
  const id = idOfHash[hash & HASH_MASK]!;
  const offset = startOfId[id]! - from;
  let at = startOfId[id + 1]! - offset === to ? from : to + 1;
  while (at < to && (bytes[at]! | 0x20) === allNames[offset + at]) at++;
  return at === to ? (id as FieldName) : FieldName.unknown;
}

/** Returns the class of a name without an id. */
export function classOfName(bytes: Uint8Array, from: number, to: number, classes: number): FieldName {
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
  if (from === to) return -1;
  return knownName(bytes, from, to, hashOf(bytes, from, to)) || classOfName(bytes, from, to, classes);
}

/** Returns the name of an id in lower case; an empty string for a class. */
export function fieldNameText(name: FieldName): string {
  return latin1(allNames, startOfId[name]!, startOfId[name + 1]!);
}
