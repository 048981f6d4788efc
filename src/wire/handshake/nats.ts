import { printable } from "../printable.ts";
import { dialogue, type End, ends, type Handshake, NOTHING, type Reader, type Turn, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { readLine, utf8 } from "./text.ts";

/** Errors by which a server ends a connection, and what they say of it. */
const ERRORS: readonly (readonly [RegExp, HandshakeReason])[] = [
  [/authorization violation|authentication (timeout|expired)/i, "password-wrong"],
  [/maximum (account )?(active )?connections/i, "full"],
  [/secure connection|tls/i, "tls-required"],
];
const MAX_LINES = 16;

/** NATS: INFO comes by itself. Where it wants a login that we do not have, the dialogue stops there: a wrong one is logged. */
export function natsHandshake(options: HandshakeOptions = {}): Handshake {
  return dialogue(NOTHING, (bytes) => readInfo(bytes, options), options.maxReplyBytes);
}

function readInfo(bytes: Uint8Array, options: HandshakeOptions): Turn | End | undefined {
  const line = readLine(bytes);
  if (line === undefined) return "INFO {-ERR".includes(firstOf(bytes)) ? undefined : ends("wrong-protocol");
  if (line.text.startsWith("-ERR")) return errorOf(line.text, {});
  const info = parseInfo(line.text);
  if (info === undefined) return ends("wrong-protocol", {}, line.text);
  const facts: HandshakeFacts = {};
  if (typeof info.version === "string") facts.version = printable(info.version);
  const { user, password, tls = false } = options;
  if (info.tls_required === true && !tls) return ends("tls-required", facts);
  if (tls && info.tls_required !== true && info.tls_available !== true) return ends("tls-unavailable", facts);
  if (info.auth_required === true && password === undefined) return ends("password-required", facts);
  // A password without a user is a token.
  const secret = user === undefined ? { auth_token: password } : { user, pass: password };
  const login = { verbose: false, pedantic: false, tls_required: tls, name: "tenk", ...secret };
  const isPlain = password === undefined && !tls;
  const ping = utf8(isPlain ? "PING\r\n" : `CONNECT ${JSON.stringify(login)}\r\nPING\r\n`);
  return { used: line.end, next: readPong(facts, MAX_LINES), ...(tls ? { secured: ping } : { send: ping }) };
}

/** The first bytes, as many as tell whether it can be NATS. */
function firstOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4)).toString("latin1");
}

function parseInfo(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^INFO\s/.test(line)) return undefined;
  try {
    const info: unknown = JSON.parse(line.slice(5));
    return typeof info === "object" && info !== null ? (info as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The server may ask PING itself, or send INFO again, before its PONG. */
function readPong(facts: HandshakeFacts, linesLeft: number): Reader {
  return (bytes) => {
    const line = readLine(bytes);
    if (line === undefined) return undefined;
    if (line.text === "PONG") return up(facts);
    if (line.text.startsWith("-ERR")) return errorOf(line.text, facts);
    if (linesLeft === 0) return ends("wrong-protocol", facts);
    return { used: line.end, next: readPong(facts, linesLeft - 1) };
  };
}

function errorOf(line: string, facts: HandshakeFacts): End {
  const reason = ERRORS.find(([pattern]) => pattern.test(line))?.[1];
  return ends(reason ?? "unavailable", facts, line.slice(5));
}
