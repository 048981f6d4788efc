import { TenkError } from "../../base/mod.ts";

/** An extension behind the addresses of a version 2 header (proxy-protocol §2.2). */
export interface ProxyTlv {
  /** One of `PROXY_TLV`, or a proxy's own: 0xE0 to 0xEF are reserved for applications. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** The registered types (proxy-protocol §2.2). */
export const PROXY_TLV = {
  alpn: 0x01,
  authority: 0x02,
  checksum: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  sslVersion: 0x21,
  sslCommonName: 0x22,
  sslCipher: 0x23,
  sslSignatureAlgorithm: 0x24,
  sslKeyAlgorithm: 0x25,
  networkNamespace: 0x30,
} as const;

/** The client's TLS, as seen by the proxy that terminated it (§2.2.6). */
export interface ProxySsl {
  /** The client spoke TLS to the proxy. */
  readonly secure: boolean;
  /** The client showed a certificate on this connection. */
  readonly certificateOnConnection: boolean;
  /** The client showed a certificate at least once in the TLS session that this connection belongs to. */
  readonly certificateInSession: boolean;
  /** 0 when a certificate was shown and verified. */
  readonly verify: number;
  readonly version?: string;
  readonly commonName?: string;
  readonly cipher?: string;
  readonly signatureAlgorithm?: string;
  readonly keyAlgorithm?: string;
}

/** The registered TLVs as values. Texts come from the client: they are not checked, and not safe to print. */
export interface ProxyDetails {
  readonly alpn?: string;
  readonly authority?: string;
  readonly uniqueId?: Uint8Array;
  readonly networkNamespace?: string;
  readonly ssl?: ProxySsl;
}

const TEXTS = { alpn: PROXY_TLV.alpn, authority: PROXY_TLV.authority, networkNamespace: PROXY_TLV.networkNamespace };
const SSL_TEXTS = {
  version: PROXY_TLV.sslVersion,
  commonName: PROXY_TLV.sslCommonName,
  cipher: PROXY_TLV.sslCipher,
  signatureAlgorithm: PROXY_TLV.sslSignatureAlgorithm,
  keyAlgorithm: PROXY_TLV.sslKeyAlgorithm,
};
/** The fields before the TLVs within an SSL TLV: one byte of flags, four of `verify`. */
const SSL_HEAD_BYTES = 5;
const MAX_UNIQUE_ID_BYTES = 128;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Parses the TLVs that fill `block` exactly, as views into it; undefined when they do not, or when one is invalid. */
export function parseTlvs(block: Uint8Array): ProxyTlv[] | undefined {
  const tlvs: ProxyTlv[] = [];
  for (let at = 0; at < block.length; ) {
    if (at + 3 > block.length) return undefined;
    const type = block[at]!;
    const end = at + 3 + ((block[at + 1]! << 8) | block[at + 2]!);
    if (end > block.length) return undefined;
    const value = block.subarray(at + 3, end);
    if (!isSound(type, value)) return undefined;
    tlvs.push({ type, value });
    at = end;
  }
  return tlvs;
}

function isSound(type: number, value: Uint8Array): boolean {
  if (type === PROXY_TLV.checksum) return value.length === 4;
  if (type === PROXY_TLV.uniqueId) return value.length <= MAX_UNIQUE_ID_BYTES;
  if (type !== PROXY_TLV.ssl) return true;
  // Not recursive: otherwise the sender could choose the depth by nesting SSL within SSL.
  if (value.length < SSL_HEAD_BYTES) return false;
  let at = SSL_HEAD_BYTES;
  while (at + 3 <= value.length) at += 3 + ((value[at + 1]! << 8) | value[at + 2]!);
  return at === value.length;
}

/** Encodes TLVs one after the other. @throws {TenkError} `invalid-option` when one could not be decoded again */
export function writeTlvs(tlvs: readonly ProxyTlv[]): Uint8Array {
  const block = new Uint8Array(tlvs.reduce((sum, { value }) => sum + 3 + value.length, 0));
  let at = 0;
  for (const { type, value } of tlvs) {
    if (!(Number.isInteger(type) && type >= 0 && type <= 255) || value.length > 65_535 || !isSound(type, value)) {
      throw new TenkError(
        "invalid-option",
        `Cannot encode TLV ${type} of ${value.length} bytes: it would not be valid`,
      );
    }
    block.set([type, value.length >> 8, value.length & 255], at);
    block.set(value, at + 3);
    at += 3 + value.length;
  }
  return block;
}

/**
 * Returns the registered TLVs of a header as values; the first of several of one type.
 *
 * @example
 * proxyDetails([{ type: PROXY_TLV.authority, value: new TextEncoder().encode("home.arpa") }]); // { authority: "home.arpa" }
 */
export function proxyDetails(tlvs: readonly ProxyTlv[]): ProxyDetails {
  const uniqueId = firstOf(tlvs, PROXY_TLV.uniqueId);
  const ssl = firstOf(tlvs, PROXY_TLV.ssl);
  return {
    ...textsOf(tlvs, TEXTS),
    ...(uniqueId && { uniqueId }),
    ...(ssl && isSound(PROXY_TLV.ssl, ssl) && { ssl: readSsl(ssl) }),
  };
}

/**
 * Encodes details as TLVs, the inverse of `proxyDetails`.
 *
 * @throws {TenkError} `invalid-option` when a unique id has more than 128 bytes
 * @example
 * proxyTlvs({ alpn: "h2" }).map(({ type }) => type); // [1]
 */
export function proxyTlvs(details: ProxyDetails): ProxyTlv[] {
  const tlvs = tlvsOfTexts(details, TEXTS);
  const { uniqueId, ssl } = details;
  if (uniqueId !== undefined) tlvs.push({ type: PROXY_TLV.uniqueId, value: uniqueId });
  if (ssl !== undefined) tlvs.push({ type: PROXY_TLV.ssl, value: writeSsl(ssl) });
  writeTlvs(tlvs);
  return tlvs;
}

function firstOf(tlvs: readonly ProxyTlv[], type: number): Uint8Array | undefined {
  return tlvs.find((tlv) => tlv.type === type)?.value;
}

function textsOf<Name extends string>(tlvs: readonly ProxyTlv[], types: Readonly<Record<Name, number>>) {
  const texts: { [name in Name]?: string } = {};
  for (const name in types) {
    const value = firstOf(tlvs, types[name]);
    if (value !== undefined) texts[name] = decoder.decode(value);
  }
  return texts;
}

function tlvsOfTexts<Name extends string>(
  texts: { readonly [name in NoInfer<Name>]?: string },
  types: Readonly<Record<Name, number>>,
): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  for (const name in types) {
    const text = texts[name];
    if (text !== undefined) tlvs.push({ type: types[name], value: encoder.encode(text) });
  }
  return tlvs;
}

function readSsl(value: Uint8Array): ProxySsl {
  const flags = value[0]!;
  const inner = parseTlvs(value.subarray(SSL_HEAD_BYTES)) ?? [];
  return {
    secure: (flags & 1) !== 0,
    certificateOnConnection: (flags & 2) !== 0,
    certificateInSession: (flags & 4) !== 0,
    verify: new DataView(value.buffer, value.byteOffset).getUint32(1),
    ...textsOf(inner, SSL_TEXTS),
  };
}

function writeSsl(ssl: ProxySsl): Uint8Array {
  const inner = writeTlvs(tlvsOfTexts(ssl, SSL_TEXTS));
  const value = new Uint8Array(SSL_HEAD_BYTES + inner.length);
  value[0] = (ssl.secure ? 1 : 0) | (ssl.certificateOnConnection ? 2 : 0) | (ssl.certificateInSession ? 4 : 0);
  new DataView(value.buffer).setUint32(1, ssl.verify);
  value.set(inner, SSL_HEAD_BYTES);
  return value;
}
