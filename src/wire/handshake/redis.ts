import { printable } from "../printable.ts";
import { dialogue, type End, ends, type Handshake, joined, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { readLine, utf8 } from "./text.ts";

/** The first word of an error (RESP: by convention its kind), and what it says of the server. */
const ERRORS: Readonly<Record<string, HandshakeReason>> = {
  NOAUTH: "password-required",
  WRONGPASS: "password-wrong",
  NOPERM: "not-authorised",
  DENIED: "address-refused", // protected mode: only this machine may connect
  LOADING: "starting",
  MASTERDOWN: "replica-without-master",
  MISCONF: "storage-failing", // snapshots cannot be saved, so writes are refused; PING says so too
  BUSY: "busy", // a script runs
};

const PING = command("PING");
const ROLE = command("ROLE");

/** Redis and what speaks its protocol: logs in where it can, asks PING, since ROLE is answered even while it loads, then ROLE. */
export function redisHandshake({ user, password, maxReplyBytes }: HandshakeOptions = {}): Handshake {
  if (password === undefined) return dialogue(PING, readPong, maxReplyBytes);
  const login = user === undefined ? command("AUTH", password) : command("AUTH", user, password);
  return dialogue(login, readLogin, maxReplyBytes);
}

function command(...words: readonly string[]): Uint8Array {
  const parts = words.map(utf8).flatMap((word) => [utf8(`$${word.length}\r\n`), word, utf8("\r\n")]);
  return joined(utf8(`*${words.length}\r\n`), ...parts);
}

const readLogin: Reader = (bytes) => {
  const line = readReply(bytes);
  if (line === undefined || "outcome" in line) return line;
  // A server without a password refuses the command; whether it serves us, PING tells.
  if (/^-ERR invalid password/.test(line.text)) return ends("password-wrong", {}, line.text);
  const unneeded = line.text.startsWith("-ERR") && /no password is set|without any password/.test(line.text);
  if (line.text.startsWith("-") && !unneeded) return errorOf(line.text);
  return { used: line.end, next: readPong, send: PING };
};

const readPong: Reader = (bytes) => {
  const line = readReply(bytes);
  if (line === undefined || "outcome" in line) return line;
  if (line.text === "+PONG") return { used: line.end, next: readRole, send: ROLE };
  return line.text.startsWith("-") ? errorOf(line.text) : ends("wrong-protocol", {}, line.text);
};

/** Reads the first line of a reply; ends at once where it cannot be one. */
function readReply(bytes: Uint8Array): ReturnType<typeof readLine> | End {
  const isReply = "+-:$*".includes(String.fromCharCode(bytes[0]!));
  const line = readLine(bytes);
  return isReply ? line : ends("wrong-protocol", {}, line?.text);
}

function errorOf(text: string): End {
  const [word = ""] = text.slice(1).split(" ", 1);
  if (/max number of clients/.test(text)) return ends("full", {}, text.slice(1));
  return ends(Object.hasOwn(ERRORS, word) ? ERRORS[word]! : "unavailable", {}, text.slice(1));
}

const readRole: Reader = (bytes) => {
  const head = readReply(bytes);
  if (head === undefined || "outcome" in head) return head;
  // Not every server with this protocol knows ROLE, nor is every user allowed to ask.
  if (!head.text.startsWith("*")) return up();
  const role = readElement(bytes, head.end);
  if (role === undefined) return undefined;
  if (role.text === "slave") return readReplica(bytes, role.end);
  if (role.text !== "master") return up(role.text === "" ? {} : { role: printable(role.text) });
  const offset = readElement(bytes, role.end);
  const replicas = offset && readElement(bytes, offset.end);
  if (replicas === undefined) return undefined;
  const count = /^\*\d{1,6}$/.test(replicas.text) ? Number(replicas.text.slice(1)) : 0;
  return up({ role: "master", replicas: count });
};

/** `slave`, host, port, state of the link, offset. */
function readReplica(bytes: Uint8Array, from: number): End | undefined {
  const host = readElement(bytes, from);
  const port = host && readElement(bytes, host.end);
  const link = port && readElement(bytes, port.end);
  if (link === undefined) return undefined;
  const facts: HandshakeFacts = { role: "replica" };
  if (link.text === "connected") return up(facts);
  const detail = `replica of ${host!.text}${port!.text}, link: ${link.text}`;
  return ends(link.text === "sync" ? "replica-syncing" : "replica-without-master", facts, detail);
}

/** Reads an element of an array: a bulk string without its length, anything else as its line. */
function readElement(bytes: Uint8Array, from: number): { readonly text: string; readonly end: number } | undefined {
  const line = readLine(bytes, from);
  if (line === undefined || !/^\$\d{1,5}$/.test(line.text)) return line;
  const to = line.end + Number(line.text.slice(1));
  if (bytes.length < to + 2) return undefined;
  return {
    text: Buffer.from(bytes.buffer, bytes.byteOffset + line.end, to - line.end).toString("latin1"),
    end: to + 2,
  };
}
