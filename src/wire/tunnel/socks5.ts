import { TenkError } from "../../base/mod.ts";
import { complete, type Decoded, INCOMPLETE, refused } from "../decoded.ts";
import { formatIp, parseIp } from "../ip-address.ts";
import { printable } from "../printable.ts";
import { checkTarget, type TunnelCredentials, type TunnelTarget } from "./target.ts";

/** Why a SOCKS5 proxy did not connect. A closed set; RFC 1928 §6 names those from `general-failure` on. */
export const SOCKS_REFUSALS = [
  "version", // it does not speak SOCKS5
  "no-acceptable-method", // it requires another authentication method
  "method-not-offered", // it chose a method that was not offered
  "credentials-refused",
  "malformed", // a reply that breaks RFC 1928 §6
  "general-failure",
  "not-allowed",
  "network-unreachable",
  "host-unreachable",
  "connection-refused",
  "ttl-expired",
  "command-not-supported",
  "address-type-not-supported",
  "unassigned-reply", // a code that RFC 1928 does not know
] as const;

export type SocksRefusal = (typeof SOCKS_REFUSALS)[number];

/** RFC 1928 §6, by REP. */
const REPLIES: readonly (SocksRefusal | undefined)[] = [
  undefined,
  "general-failure",
  "not-allowed",
  "network-unreachable",
  "host-unreachable",
  "connection-refused",
  "ttl-expired",
  "command-not-supported",
  "address-type-not-supported",
];

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USERNAME_PASSWORD = 2;
const NO_ACCEPTABLE_METHOD = 0xff;
/** RFC 1929 §2: the sub-negotiation has a version of its own. */
const PASSWORD_VERSION = 1;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

export type SocksMethod = "none" | "password";

/** The address that the proxy connects from, as it reports it. */
export interface SocksBound {
  /** An address, or a name with only printable ASCII. */
  readonly address: string;
  readonly port: number;
}

/**
 * Encodes the client's greeting, which lists its authentication methods (RFC 1928 §3).
 *
 * @example
 * encodeSocksGreeting(["none"]); // new Uint8Array([5, 1, 0])
 */
export function encodeSocksGreeting(methods: readonly SocksMethod[]): Uint8Array {
  return Uint8Array.of(VERSION, methods.length, ...methods.map(methodCode));
}

/**
 * Decodes the proxy's choice among the offered methods (RFC 1928 §3).
 *
 * @example
 * decodeSocksMethod(new Uint8Array([5, 0]), ["none"]); // { state: "value", value: "none", length: 2 }
 */
export function decodeSocksMethod(
  bytes: Uint8Array,
  offered: readonly SocksMethod[],
): Decoded<SocksMethod, SocksRefusal> {
  if (bytes.length > 0 && bytes[0] !== VERSION) return refused("version");
  if (bytes.length < 2) return INCOMPLETE;
  if (bytes[1] === NO_ACCEPTABLE_METHOD) return refused("no-acceptable-method");
  const chosen = offered.find((method) => methodCode(method) === bytes[1]);
  return chosen === undefined ? refused("method-not-offered") : complete(chosen, 2);
}

function methodCode(method: SocksMethod): number {
  return method === "none" ? NO_AUTHENTICATION : USERNAME_PASSWORD;
}

/** Encodes name and password (RFC 1929 §2). @throws {TenkError} `invalid-option` when one is not 1 to 255 bytes */
export function encodeSocksCredentials({ username, password }: TunnelCredentials): Uint8Array {
  const [name, secret] = [new TextEncoder().encode(username), new TextEncoder().encode(password)];
  if (name.length < 1 || name.length > 255 || secret.length < 1 || secret.length > 255) {
    throw new TenkError(
      "invalid-option",
      "Cannot log in to a SOCKS5 proxy: name and password must be 1 to 255 bytes each",
    );
  }
  return Uint8Array.of(PASSWORD_VERSION, name.length, ...name, secret.length, ...secret);
}

/** Decodes whether the proxy accepted name and password (RFC 1929 §2). */
export function decodeSocksLogin(bytes: Uint8Array): Decoded<true, SocksRefusal> {
  if (bytes.length > 0 && bytes[0] !== PASSWORD_VERSION) return refused("malformed");
  if (bytes.length < 2) return INCOMPLETE;
  return bytes[1] === 0 ? complete(true, 2) : refused("credentials-refused");
}

/**
 * Encodes the request to connect (RFC 1928 §4). A name is sent as a name, and the proxy resolves it.
 *
 * @throws {TenkError} `invalid-option` when the target is not a host and a port
 * @example
 * encodeSocksConnect({ host: "192.0.2.1", port: 80 }); // new Uint8Array([5, 1, 0, 1, 192, 0, 2, 1, 0, 80])
 */
export function encodeSocksConnect(target: TunnelTarget): Uint8Array {
  checkTarget(target);
  const address = parseIp(target.host);
  const name = new TextEncoder().encode(target.host);
  const where = address ? [address.length === 4 ? IPV4 : IPV6, ...address] : [NAME, name.length, ...name];
  return Uint8Array.of(VERSION, CONNECT, 0, ...where, target.port >> 8, target.port & 255);
}

/**
 * Decodes the proxy's reply to the request (RFC 1928 §6), at most 262 bytes. A failure is returned at its second byte, since
 * proxies close on failure, and not all of them send the rest.
 */
export function decodeSocksReply(bytes: Uint8Array): Decoded<SocksBound, SocksRefusal> {
  if (bytes.length > 0 && bytes[0] !== VERSION) return refused("version");
  if (bytes.length < 2) return INCOMPLETE;
  if (bytes[1] !== 0) return refused(REPLIES[bytes[1]!] ?? "unassigned-reply");
  if (bytes.length > 2 && bytes[2] !== 0) return refused("malformed");
  if (bytes.length < 5) return bytes.length < 4 || isAddressType(bytes[3]!) ? INCOMPLETE : refused("malformed");
  const type = bytes[3]!;
  if (!isAddressType(type)) return refused("malformed");
  const addressAt = type === NAME ? 5 : 4;
  const portAt = addressAt + (type === NAME ? bytes[4]! : type === IPV4 ? 4 : 16);
  if (bytes.length < portAt + 2) return INCOMPLETE;
  const address =
    type === NAME
      ? printable(String.fromCharCode(...bytes.subarray(addressAt, portAt)))
      : formatIp(bytes, addressAt, portAt - addressAt);
  return complete({ address, port: (bytes[portAt]! << 8) | bytes[portAt + 1]! }, portAt + 2);
}

function isAddressType(type: number): boolean {
  return type === IPV4 || type === NAME || type === IPV6;
}
