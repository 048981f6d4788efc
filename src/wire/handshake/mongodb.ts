import { printable } from "../printable.ts";
import { type BsonFields, int32, readBson, writeBson } from "./bson.ts";
import { dialogue, type End, ends, type Handshake, joined, type Reader, type Turn, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { ScramLogin } from "./scram.ts";
import { utf8, viewOf } from "./text.ts";

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
const ERRORS: Readonly<Record<number, HandshakeReason>> = {
  11: "no-such-user",
  13: "password-required",
  18: "password-wrong",
  334: "not-authorised", // this user has no SCRAM-SHA-256
};

/** MongoDB and what speaks its protocol: `hello`, or the older `isMaster` where that is not known; then a login, if there is one. */
export function mongodbHandshake(options: HandshakeOptions = {}): Handshake {
  const login = options.password === undefined ? undefined : new MongoLogin(options.password, options);
  return dialogue(HELLO, (bytes) => readHello(bytes, login, true), options.maxReplyBytes);
}

function readHello(bytes: Uint8Array, login: MongoLogin | undefined, mayAskAgain: boolean): ReturnType<Reader> {
  return readReply(bytes, (fields, used) => {
    if (mayAskAgain && fields.get("code") === COMMAND_NOT_FOUND)
      return { used, next: (more) => readHello(more, login, false), send: IS_MASTER };
    const end = outcomeOf(fields);
    const { state, facts } = end.outcome;
    // An arbiter has no users.
    return login === undefined || state !== "up" || facts.role === "arbiter" ? end : login.begin(used, facts);
  });
}

type ReadFields = (fields: ReturnType<typeof readBson>, used: number) => ReturnType<Reader>;

/** Reads one whole message. */
function readReply(bytes: Uint8Array, read: ReadFields): ReturnType<Reader> {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  const used = view.getUint32(0, true);
  const operation = view.getUint32(12, true);
  // Flags and the kind of a section; or flags, cursor, two numbers.
  const from = operation === OP_MSG ? HEADER_BYTES + 5 : HEADER_BYTES + 20;
  if ((operation !== OP_MSG && operation !== OP_REPLY) || used < from || used > 65_536) return ends("wrong-protocol");
  if (bytes.length < used) return undefined;
  return read(readBson(bytes.subarray(from, used)), used);
}

function errorOf(fields: ReturnType<typeof readBson>, facts: HandshakeFacts): End | undefined {
  if (Number(fields.get("ok")) === 1) return undefined;
  const reason = ERRORS[Number(fields.get("code"))];
  if (!fields.has("ok")) return ends("wrong-protocol", facts);
  return ends(reason ?? "unavailable", facts, String(fields.get("errmsg")));
}

function outcomeOf(fields: ReturnType<typeof readBson>): End {
  const error = errorOf(fields, {});
  if (error !== undefined) return error;
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

/** Logs in by SCRAM-SHA-256. */
class MongoLogin {
  readonly #scram: ScramLogin;
  readonly #database: string;

  constructor(password: string, { user = "", database = "admin" }: HandshakeOptions) {
    this.#scram = new ScramLogin(password, user);
    this.#database = database;
  }

  begin(used: number, facts: HandshakeFacts): Turn {
    const payload = utf8(this.#scram.first);
    const start = { saslStart: 1, mechanism: "SCRAM-SHA-256", payload, options: { skipEmptyExchange: true } };
    return { used, next: this.#reader(facts, (fields) => this.#final(fields)), send: this.#command(start) };
  }

  /** @param next returns the next payload; undefined where the server breaks the protocol, "" where the login is over */
  #reader(facts: HandshakeFacts, next: (fields: ReturnType<typeof readBson>) => string | undefined): Reader {
    return (bytes) =>
      readReply(bytes, (fields, used) => {
        const error = errorOf(fields, facts);
        if (error !== undefined) return error;
        const payload = next(fields);
        if (payload === undefined) return ends("wrong-protocol", facts);
        if (payload === "" && fields.get("done") === true) return up(facts);
        const conversationId = Number(fields.get("conversationId"));
        const answer = { saslContinue: 1, conversationId, payload: utf8(payload) };
        return { used, next: this.#reader(facts, (last) => this.#over(last, payload)), send: this.#command(answer) };
      });
  }

  #final(fields: ReturnType<typeof readBson>): string | undefined {
    return this.#scram.final(String(fields.get("payload")));
  }

  /** Older servers want one more message, which is empty. */
  #over(fields: ReturnType<typeof readBson>, sent: string): string | undefined {
    if (sent === "") return fields.get("done") === true ? "" : undefined;
    return this.#scram.verifies(String(fields.get("payload"))) ? "" : undefined;
  }

  /** An OP_MSG with one document. */
  #command(fields: BsonFields): Uint8Array {
    const body = joined(new Uint8Array(5), writeBson({ ...fields, $db: this.#database }));
    return joined(int32(HEADER_BYTES + body.length), int32(2), int32(0), int32(OP_MSG), body);
  }
}
