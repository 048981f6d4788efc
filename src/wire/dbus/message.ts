import { complete, type Decoded, INCOMPLETE, refused } from "../decoded.ts";
import { type DbusValue, Malformed, ValueReader } from "./value-reader.ts";
import { ValueWriter } from "./value-writer.ts";

/** A call of a method. Its arguments are strings, and lists of strings. */
export interface DbusCall {
  /** Above 0; the reply has it. */
  readonly serial: number;
  /** Undefined where the other side is not a bus but the service itself. */
  readonly destination: string | undefined;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body?: readonly (string | readonly string[])[];
}

/** What comes back: the values of a reply, or the name of an error. Signals and calls of others are neither. */
export interface DbusMessage {
  readonly type: "reply" | "error" | "other";
  readonly replySerial: number;
  readonly errorName: string | undefined;
  readonly body: readonly DbusValue[];
}

const LITTLE = 0x6c;
const BIG = 0x42;
const VERSION = 1;
const METHOD_CALL = 1;
const METHOD_RETURN = 2;
const ERROR = 3;
const FIXED_BYTES = 16;
/** Where the array of fields begins: with its length. */
const FIELDS_AT = 12;
const Field = { path: 1, interface: 2, member: 3, errorName: 4, replySerial: 5, destination: 6, signature: 8 } as const;

/** Returns a call as bytes (D-Bus Specification, "Message Format"). */
export function writeCall({ serial, destination, path, interface: name, member, body = [] }: DbusCall): Uint8Array {
  const values = new ValueWriter();
  for (const value of body) {
    if (typeof value === "string") values.string(value);
    else values.strings(value);
  }
  const signature = body.map((value) => (typeof value === "string" ? "s" : "as")).join("");
  const message = new ValueWriter();
  for (const each of [LITTLE, METHOD_CALL, 0, VERSION]) message.byte(each);
  message.uint32(values.length);
  message.uint32(serial);
  message.uint32(0);
  writeField(message, Field.path, "o", path);
  writeField(message, Field.interface, "s", name);
  writeField(message, Field.member, "s", member);
  if (destination !== undefined) writeField(message, Field.destination, "s", destination);
  if (signature !== "") writeField(message, Field.signature, "g", signature);
  message.patchUint32(FIELDS_AT, message.length - FIXED_BYTES);
  message.align(8);
  return new Uint8Array([...message.bytes, ...values.bytes]);
}

function writeField(to: ValueWriter, code: number, type: string, value: string): void {
  to.align(8);
  to.byte(code);
  to.signature(type);
  if (type === "g") to.signature(value);
  else to.string(value);
}

/** Reads the first message of what has come. One of more than `maxBytes` is refused as soon as it says so. */
export function readDbusMessage(bytes: Uint8Array, maxBytes: number): Decoded<DbusMessage, "malformed" | "too-long"> {
  if (bytes.length < FIXED_BYTES) return INCOMPLETE;
  if ((bytes[0] !== LITTLE && bytes[0] !== BIG) || bytes[3] !== VERSION) return refused("malformed");
  const isLittle = bytes[0] === LITTLE;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bodyAt = Math.ceil((FIXED_BYTES + view.getUint32(FIELDS_AT, isLittle)) / 8) * 8;
  const length = bodyAt + view.getUint32(4, isLittle);
  if (length > maxBytes) return refused("too-long");
  if (bytes.length < length) return INCOMPLETE;
  try {
    return complete(messageOf(bytes.subarray(0, length), bodyAt, isLittle), length);
  } catch (error) {
    if (error instanceof Malformed) return refused("malformed");
    throw error;
  }
}

function messageOf(bytes: Uint8Array, bodyAt: number, isLittle: boolean): DbusMessage {
  const fields = new Map<DbusValue, DbusValue>();
  const [pairs = []] = new ValueReader(bytes, FIELDS_AT, isLittle).all("a(yv)") as DbusValue[][][];
  for (const [code, value] of pairs) fields.set(code!, value!);
  const signature = fields.get(Field.signature) ?? "";
  const replySerial = fields.get(Field.replySerial);
  const errorName = fields.get(Field.errorName);
  return {
    type: bytes[1] === METHOD_RETURN ? "reply" : bytes[1] === ERROR ? "error" : "other",
    replySerial: typeof replySerial === "number" ? replySerial : 0,
    errorName: typeof errorName === "string" ? errorName : undefined,
    body: typeof signature === "string" ? new ValueReader(bytes, bodyAt, isLittle).all(signature) : [],
  };
}

/**
 * Returns what a client says before its first message, which may follow once the other side has said `OK`: it is the user whose ID the socket
 * tells. `BEGIN` goes along: systemd on its own socket forgets a message that it reads together with `BEGIN`, until more bytes arrive.
 */
export function dbusGreeting(userId: number): Uint8Array {
  const id = Buffer.from(String(userId), "latin1").toString("hex");
  return new TextEncoder().encode(`\0AUTH EXTERNAL ${id}\r\nBEGIN\r\n`);
}
