import { printable } from "../printable.ts";
import { dialogue, ends, type Handshake, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts } from "./outcome.ts";
import { latin1, utf8, viewOf } from "./text.ts";

const HEADER = utf8("AMQP\0\0\x09\x01");
const METHOD = 1;
/** Class `connection`, method `start`. */
const START = 0x000a_000a;
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

/** AMQP 0-9-1 (RabbitMQ): the broker introduces itself. Then the connection is just closed: closing by the protocol logs more. */
export function amqpHandshake({ maxReplyBytes }: HandshakeOptions = {}): Handshake {
  return dialogue(HEADER, read, maxReplyBytes);
}

const read: Reader = (bytes) => {
  if (bytes[0] === HEADER[0]) return readOtherVersion(bytes);
  if (bytes[0] !== METHOD) return ends("wrong-protocol");
  if (bytes.length < 7) return undefined;
  const view = viewOf(bytes);
  const end = 7 + view.getUint32(3);
  if (end < 17 || end > 65_536) return ends("wrong-protocol");
  if (bytes.length <= end) return undefined;
  if (view.getUint32(7) !== START || bytes[end] !== FRAME_END) return ends("wrong-protocol");
  const facts: HandshakeFacts = { protocol: `${bytes[11]}-${bytes[12]}` };
  const properties = readTable(bytes, 17, Math.min(end, 17 + view.getUint32(13)));
  for (const name of ["product", "version"] as const) {
    const value = properties.get(name);
    if (value !== undefined) facts[name] = printable(value);
  }
  return up(facts);
};

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
