import { printable } from "../printable.ts";
import { readBson } from "./bson.ts";
import { dialogue, type End, ends, type Handshake, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { viewOf } from "./text.ts";

const [OP_REPLY, OP_MSG] = [1, 2013];
const HEADER_BYTES = 16;
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

/** OP_MSG: `{ hello: 1, $db: "admin" }`. Everybody may ask it, before any login. */
const HELLO = bytesOf(
  "\x34\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0",
);
/** OP_QUERY on `admin.$cmd`: `{ isMaster: 1, helloOk: true }`, which servers before 4.4.2 know. */
const IS_MASTER = bytesOf(
  "\x44\0\0\0\x01\0\0\0\0\0\0\0\xd4\x07\0\0\0\0\0\0admin.$cmd\0\0\0\0\0\xff\xff\xff\xff" +
    "\x1d\0\0\0\x10isMaster\0\x01\0\0\0\x08helloOk\0\x01\0",
);

const COMMAND_NOT_FOUND = 59;
const ERRORS: Readonly<Record<number, HandshakeReason>> = { 13: "password-required", 18: "password-wrong" };

/** MongoDB and what speaks its protocol: `hello`, and the older `isMaster` where that is not known. */
export function mongodbHandshake({ maxReplyBytes }: HandshakeOptions = {}): Handshake {
  return dialogue(HELLO, (bytes) => readReply(bytes, true), maxReplyBytes);
}

function readReply(bytes: Uint8Array, mayAskAgain: boolean): ReturnType<Reader> {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  const used = view.getUint32(0, true);
  const operation = view.getUint32(12, true);
  // Flags and the kind of a section; or flags, cursor, two numbers.
  const from = operation === OP_MSG ? HEADER_BYTES + 5 : HEADER_BYTES + 20;
  if ((operation !== OP_MSG && operation !== OP_REPLY) || used < from || used > 65_536) return ends("wrong-protocol");
  if (bytes.length < used) return undefined;
  const fields = readBson(bytes.subarray(from, used));
  if (mayAskAgain && fields.get("code") === COMMAND_NOT_FOUND) {
    return { used, next: (more) => readReply(more, false), send: IS_MASTER };
  }
  return outcomeOf(fields);
}

function outcomeOf(fields: ReturnType<typeof readBson>): End {
  if (Number(fields.get("ok")) !== 1) {
    const reason = ERRORS[Number(fields.get("code"))];
    return fields.has("ok") ? ends(reason ?? "unavailable", {}, String(fields.get("errmsg"))) : ends("wrong-protocol");
  }
  const facts: HandshakeFacts = {};
  if (fields.has("maxWireVersion")) facts.protocol = `wire version ${fields.get("maxWireVersion")}`;
  const isPrimary = fields.get("isWritablePrimary") === true || fields.get("ismaster") === true;
  const set = fields.get("setName");
  if (set !== undefined) facts.status = printable(`replica set ${set}`);
  const role = roleOf(fields, isPrimary);
  if (role !== undefined) return up({ ...facts, role });
  return ends("member-not-ready", facts);
}

/** The role of a member; undefined for one that is being set up, recovers or was removed. */
function roleOf(fields: ReturnType<typeof readBson>, isPrimary: boolean): string | undefined {
  if (fields.get("msg") === "isdbgrid") return "router";
  const isMember = fields.has("setName") || fields.get("isreplicaset") === true;
  if (!isMember) return "standalone";
  if (isPrimary) return "primary";
  if (fields.get("secondary") === true) return "secondary";
  return fields.get("arbiterOnly") === true ? "arbiter" : undefined;
}
