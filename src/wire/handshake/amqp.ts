import { printable } from "../printable.ts";
import { dialogue, type End, ends, type Handshake, joined, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { latin1, utf8, viewOf } from "./text.ts";

const HEADER = utf8("AMQP\0\0\x09\x01");
const METHOD = 1;
/** Methods of the class `connection`. */
const [START, START_OK, TUNE, TUNE_OK] = [0x000a_000a, 0x000a_000b, 0x000a_001e, 0x000a_001f];
const [OPEN, OPEN_OK, CLOSE, CLOSE_OK] = [0x000a_0028, 0x000a_0029, 0x000a_0032, 0x000a_0033];
/** Reply codes of a broker that closes (AMQP 0-9-1 §1.2). */
const CODES: Readonly<Record<number, HandshakeReason>> = {
  402: "not-authorised", // no such virtual host
  403: "password-wrong",
  530: "not-authorised",
};
const FRAME_END = 0xce;
/** Sizes of values in a table, by the letter of their type. */
const SIZES: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  l: 8,
  f: 4,
  d: 8,
  T: 8,
  V: 0,
  D: 5,
};

/**
 * AMQP 0-9-1 (RabbitMQ): the broker introduces itself. Without a login the connection is then just closed: closing by the protocol logs
 * more. With one it is opened, and closed by the protocol, since a broker logs a client that leaves otherwise.
 */
export function amqpHandshake(options: HandshakeOptions = {}): Handshake {
  return dialogue(
    HEADER,
    (bytes) => (bytes[0] === HEADER[0] ? readOtherVersion(bytes) : read(bytes, options)),
    options.maxReplyBytes,
  );
}

function read(bytes: Uint8Array, options: HandshakeOptions): ReturnType<Reader> {
  const frame = readMethod(bytes);
  if (frame === undefined || "outcome" in frame) return frame;
  if (frame.method !== START) return ends("wrong-protocol");
  const facts: HandshakeFacts = { protocol: `${bytes[11]}-${bytes[12]}` };
  const properties = readTable(bytes, 17, Math.min(frame.end, 17 + viewOf(bytes).getUint32(13)));
  for (const name of ["product", "version"] as const) {
    const value = properties.get(name);
    if (value !== undefined) facts[name] = printable(value);
  }
  if (options.password === undefined) return up(facts);
  return { used: frame.end + 1, next: readTune(facts, options), send: startOk(options) };
}

/** Reads a method of channel 0: where its frame's last byte is. */
function readMethod(bytes: Uint8Array): { readonly method: number; readonly end: number } | End | undefined {
  if (bytes[0] !== METHOD) return ends("wrong-protocol");
  if (bytes.length < 7) return undefined;
  const view = viewOf(bytes);
  const end = 7 + view.getUint32(3);
  if (end < 11 || end > 65_536) return ends("wrong-protocol");
  if (bytes.length <= end) return undefined;
  const method = view.getUint32(7);
  if (bytes[end] !== FRAME_END || (method === START && end < 17)) return ends("wrong-protocol");
  return { method, end };
}

function readTune(facts: HandshakeFacts, { database = "/" }: HandshakeOptions): Reader {
  return (bytes) => {
    const frame = readMethod(bytes);
    if (frame === undefined || "outcome" in frame) return frame;
    if (frame.method === CLOSE) return closedBy(bytes, frame.end, facts);
    if (frame.method !== TUNE || frame.end < 19) return ends("wrong-protocol", facts);
    // Its limits as they are, without heartbeats.
    const tuneOk = framed(TUNE_OK, bytes.slice(11, 17), Uint8Array.of(0, 0));
    const open = framed(OPEN, shortText(database), Uint8Array.of(0, 0));
    return { used: frame.end + 1, next: readOpen(facts), send: joined(tuneOk, open) };
  };
}

function readOpen(facts: HandshakeFacts): Reader {
  return (bytes) => {
    const frame = readMethod(bytes);
    if (frame === undefined || "outcome" in frame) return frame;
    if (frame.method === CLOSE) return closedBy(bytes, frame.end, facts);
    const bye = framed(CLOSE, Uint8Array.of(0, 200), shortText(""), new Uint8Array(4));
    return frame.method === OPEN_OK ? up(facts, bye) : ends("wrong-protocol", facts);
  };
}

/** A broker that ends the connection says why: a code and a text. */
function closedBy(bytes: Uint8Array, end: number, facts: HandshakeFacts): End {
  const code = end >= 14 ? viewOf(bytes).getUint16(11) : 0;
  const text = latin1(bytes, 14, Math.min(end, 14 + (bytes[13] ?? 0)));
  return ends(CODES[code] ?? "unavailable", facts, `${text} (${code})`, framed(CLOSE_OK));
}

function startOk({ user = "", password = "" }: HandshakeOptions): Uint8Array {
  // Without this capability the broker answers a wrong password by closing the connection without a word.
  const capabilities = joined(shortText("authentication_failure_close"), utf8("t"), Uint8Array.of(1));
  const table = joined(shortText("capabilities"), utf8("F"), longText(capabilities));
  const response = longText(utf8(`\0${user}\0${password}`));
  return framed(START_OK, longText(table), shortText("PLAIN"), response, shortText("en_US"));
}

function framed(method: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = joined(uint32(method), ...parts);
  return joined(Uint8Array.of(METHOD, 0, 0), uint32(body.length), body, Uint8Array.of(FRAME_END));
}

function longText(bytes: Uint8Array): Uint8Array {
  return joined(uint32(bytes.length), bytes);
}

function shortText(text: string): Uint8Array {
  const bytes = utf8(text).subarray(0, 255);
  return joined(Uint8Array.of(bytes.length), bytes);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}

/** A broker that does not speak our version answers with its own, and closes (AMQP 0-9-1 §4.2.2). */
function readOtherVersion(bytes: Uint8Array): ReturnType<Reader> {
  if (bytes.length < 8) return undefined;
  if (!latin1(bytes).startsWith("AMQP")) return ends("wrong-protocol");
  return ends("wrong-protocol", {}, `speaks AMQP ${bytes[5]}.${bytes[6]}.${bytes[7]}, and not 0-9-1`);
}

/** Reads the long strings of a table's top level, up to a type that is not known. */
function readTable(bytes: Uint8Array, from: number, to: number): Map<string, string> {
  const texts = new Map<string, string>();
  const view = viewOf(bytes);
  let at = from;
  while (at < to) {
    const valueAt = at + 2 + bytes[at]!;
    if (valueAt + 4 > to) break;
    const type = String.fromCharCode(bytes[valueAt - 1]!);
    const size = SIZES[type] ?? ("SFAx".includes(type) ? 4 + view.getUint32(valueAt) : undefined);
    if (size === undefined || valueAt + size > to) break;
    if (type === "S") texts.set(latin1(bytes, at + 1, valueAt - 1), latin1(bytes, valueAt + 4, valueAt + size));
    at = valueAt + size;
  }
  return texts;
}
