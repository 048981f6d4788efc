import { printable } from "../printable.ts";
import { dialogue, type End, ends, type Handshake, NOTHING, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { latin1, readLine, utf8 } from "./text.ts";

/** RFC 4253 §4.2 lets a server send other lines before its version. */
const MAX_LINES_BEFORE = 50;
const SSH_ID = utf8("SSH-2.0-tenk\r\n");

/** SSH: reads the server's version and sends ours, since a connection without one is logged twice. */
export function sshHandshake({ maxReplyBytes }: HandshakeOptions = {}): Handshake {
  return dialogue(NOTHING, sshVersion(MAX_LINES_BEFORE), maxReplyBytes);
}

function sshVersion(linesLeft: number): Reader {
  return (bytes) => {
    const line = readLine(bytes);
    if (line === undefined) return undefined;
    const id = /^SSH-(2\.0|1\.99)-(.*)$/.exec(line.text);
    if (id !== null) return up({ version: printable(id[2]!), protocol: id[1]! }, SSH_ID);
    if (line.text.startsWith("Exceeded MaxStartups")) return ends("full", {}, line.text);
    if (line.text.startsWith("Not allowed at this time")) return ends("address-blocked", {}, line.text);
    if (linesLeft === 0 || line.text.startsWith("SSH-")) return ends("wrong-protocol", {}, line.text);
    return { used: line.end, next: sshVersion(linesLeft - 1) };
  };
}

/** SMTP: the greeting, then QUIT. */
export function smtpHandshake({ maxReplyBytes }: HandshakeOptions = {}): Handshake {
  return dialogue(NOTHING, replyCode(220, utf8("QUIT\r\n")), maxReplyBytes);
}

/** FTP: the greeting, then QUIT. */
export function ftpHandshake({ maxReplyBytes }: HandshakeOptions = {}): Handshake {
  return dialogue(NOTHING, replyCode(220, utf8("QUIT\r\n")), maxReplyBytes);
}

/** Reads a reply of SMTP or FTP: lines `220-…`, and `220 …` as the last one. */
function replyCode(expected: number, quit: Uint8Array, facts: HandshakeFacts = {}): Reader {
  return (bytes) => {
    const line = readLine(bytes);
    if (line === undefined) return /^\d{0,3}$/.test(latin1(bytes, 0, 3)) ? undefined : ends("wrong-protocol");
    const reply = /^(\d{3})([ -]|$)(.*)$/.exec(line.text);
    if (reply === null) return ends("wrong-protocol", {}, line.text);
    const told = facts.status === undefined && reply[3] !== "" ? { status: printable(reply[3]!) } : facts;
    if (Number(reply[1]) !== expected) return ends(refusalOf(line.text), {}, line.text, quit);
    if (reply[2] === "-") return { used: line.end, next: replyCode(expected, quit, told) };
    return up(told, quit);
  };
}

function refusalOf(text: string): HandshakeReason {
  if (/too many|too busy|maximum (number of )?(connections|clients)/i.test(text)) return "full";
  if (/blocked|blacklist|denied|refused|not allowed/i.test(text)) return "address-refused";
  return /^[345]/.test(text) ? "unavailable" : "wrong-protocol";
}

const LOGOUT = utf8("a LOGOUT\r\n");

/** IMAP: the greeting (RFC 9051 §7.1), then LOGOUT. */
export function imapHandshake({ maxReplyBytes }: HandshakeOptions = {}): Handshake {
  return dialogue(NOTHING, readImap, maxReplyBytes);
}

const readImap: Reader = (bytes) => {
  if (bytes[0] !== 0x2a) return ends("wrong-protocol");
  const line = readLine(bytes);
  if (line === undefined) return undefined;
  const greeting = /^\* (OK|PREAUTH|BYE)\b ?(?:\[[^\]]*\] ?)?(.*)$/.exec(line.text);
  if (greeting === null) return ends("wrong-protocol", {}, line.text);
  if (greeting[1] === "BYE") return ends(refusalOf(greeting[2]!) === "full" ? "full" : "unavailable", {}, greeting[2]);
  return up(greeting[2] === "" ? {} : { status: printable(greeting[2]!) }, LOGOUT);
};

/** memcached: its version. */
export function memcachedHandshake({ maxReplyBytes }: HandshakeOptions = {}): Handshake {
  return dialogue(utf8("version\r\n"), readVersion, maxReplyBytes);
}

const readVersion: Reader = (bytes): End | undefined => {
  const line = readLine(bytes);
  if (line === undefined) return undefined;
  if (line.text.startsWith("VERSION ")) return up({ version: printable(line.text.slice(8)) });
  if (/unauthenticated/i.test(line.text)) return ends("password-required", {}, line.text);
  if (/too many open connections/i.test(line.text)) return ends("full", {}, line.text);
  return ends(/^(SERVER_)?ERROR /.test(line.text) ? "unavailable" : "wrong-protocol", {}, line.text);
};
