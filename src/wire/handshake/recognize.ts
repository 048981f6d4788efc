import type { HandshakeKind } from "./kinds.ts";
import { latin1, readCString } from "./text.ts";

/** A kind, or a protocol that is not one of the raw handshakes. */
export type GreetingKind = HandshakeKind | "http" | "tls" | "pop3";

const READ_BYTES = 1024;
/** Texts by which a server that speaks first, or that was asked PING as Redis is, shows what it is. */
const TEXTS: readonly (readonly [RegExp, GreetingKind])[] = [
  [/^SSH-[12]\.\d/, "ssh"],
  [/^INFO \{/, "nats"],
  [/^\* (OK|PREAUTH|BYE)\b/, "imap"],
  [/^\+OK\b/, "pop3"],
  [/^220[ -][^\r\n]*\bE?SMTP\b/i, "smtp"],
  [/^220[ -][^\r\n]*FTP/i, "ftp"],
  [/^(\+PONG\r\n|-(NOAUTH|LOADING|MASTERDOWN|MISCONF|BUSY|DENIED|NOPERM|ERR max number of clients)\b)/, "redis"],
  [/^HTTP\/\d/, "http"],
  [/^(VERSION \d|ERROR\r\n)/, "memcached"],
  [/^ERR (UNKNOWN-COMMAND|ACCESS-DENIED)/, "nut"],
];
/** MySQL refuses before its greeting: too many connections, host blocked, host not allowed. */
const MYSQL_REFUSALS = [1040, 1129, 1130];

/** Returns the kind of service that begins like this; undefined where nothing known does, or too little came yet. */
export function recognizeGreeting(bytes: Uint8Array): GreetingKind | undefined {
  if (isTlsRecord(bytes)) return "tls";
  if (isMysql(bytes)) return "mysql";
  const text = latin1(bytes, 0, READ_BYTES);
  if (text.startsWith("AMQP") && bytes.length >= 5 && bytes[4]! < 10) return "amqp";
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1];
}

function isTlsRecord(bytes: Uint8Array): boolean {
  return bytes.length >= 3 && bytes[0]! >= 0x14 && bytes[0]! <= 0x17 && bytes[1] === 3 && bytes[2]! <= 4;
}

/** Three bytes of length, packet 0; version 10 of the protocol and the server's version, or an error instead. */
function isMysql(bytes: Uint8Array): boolean {
  if (bytes.length < 7 || bytes[2] !== 0 || bytes[3]! > 1) return false;
  if (bytes[4] === 0xff) return MYSQL_REFUSALS.includes(bytes[5]! | (bytes[6]! << 8));
  const version = bytes[4] === 10 ? readCString(bytes, 5, Math.min(bytes.length, 100)) : undefined;
  return version !== undefined && /^\d[\x20-\x7e]*$/.test(version.text);
}
