import { printable } from "../printable.ts";
import { dialogue, type End, ends, type Handshake, type Reader, type Turn, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { readLine, utf8 } from "./text.ts";

/** Errors of the protocol, which are words by themselves. */
const ERRORS: Readonly<Record<string, HandshakeReason>> = {
  "ACCESS-DENIED": "address-refused",
  "UNKNOWN-UPS": "no-such-ups",
  "DRIVER-NOT-CONNECTED": "ups-no-data",
  "DATA-STALE": "ups-no-data",
  "USERNAME-REQUIRED": "password-required",
  "PASSWORD-REQUIRED": "password-required",
};
const LOGOUT = utf8("LOGOUT\n");
const LIST = utf8("LIST UPS\n");
/** Flags of `ups.status` beside which all is well. */
const FINE = new Set(["OL", "CHRG", "CAL", "BOOST", "TRIM", "ECO"]);

/** Network UPS Tools: version, the first UPS where none is named, and its status. */
export function nutHandshake({ ups, maxReplyBytes }: HandshakeOptions = {}): Handshake {
  // A name with blanks or line ends would be another command.
  const name = ups === undefined ? undefined : ups.replace(/[^\x21-\x7e]/g, "");
  return dialogue(utf8("VER\n"), readVersion(name), maxReplyBytes);
}

function readVersion(name: string | undefined): Reader {
  return (bytes) => {
    const line = readLine(bytes);
    if (line === undefined) return undefined;
    const found = /^Network UPS Tools upsd (\S+)/.exec(line.text);
    if (found === null)
      return line.text.startsWith("ERR ") ? errorOf(line.text) : ends("wrong-protocol", {}, line.text);
    const facts = { version: printable(found[1]!) };
    if (name === undefined) return { used: line.end, next: readList(facts), send: LIST };
    return askStatus(line.end, name, facts);
  };
}

function askStatus(used: number, name: string, facts: HandshakeFacts): Turn {
  return { used, next: readStatus(facts), send: utf8(`GET VAR ${name} ups.status\n`) };
}

/** `BEGIN LIST UPS`, `UPS name "description"` …, `END LIST UPS`: takes the first, whose rest is skipped with the status. */
function readList(facts: HandshakeFacts, first?: string): Reader {
  return (bytes) => {
    const line = readLine(bytes);
    if (line === undefined) return undefined;
    if (line.text.startsWith("ERR ")) return errorOf(line.text, facts);
    const name = first ?? /^UPS ([\x21-\x7e]{1,100}) /.exec(line.text)?.[1];
    if (!line.text.startsWith("END LIST")) return { used: line.end, next: readList(facts, name) };
    return name === undefined ? ends("no-such-ups", facts, "", LOGOUT) : askStatus(line.end, name, facts);
  };
}

function readStatus(facts: HandshakeFacts): Reader {
  return (bytes) => {
    const line = readLine(bytes);
    if (line === undefined) return undefined;
    if (line.text.startsWith("ERR ")) return errorOf(line.text, facts);
    const status = /^VAR \S+ ups\.status "([^"]*)"$/.exec(line.text)?.[1];
    if (status === undefined) return ends("wrong-protocol", facts, line.text);
    const flags = status.split(" ").filter((flag) => flag !== "");
    const told = { ...facts, status: printable(status) };
    if (flags.includes("OB")) return ends("ups-on-battery", told, status, LOGOUT);
    const isFine = flags.includes("OL") && flags.every((flag) => FINE.has(flag));
    return isFine ? up(told, LOGOUT) : ends("ups-attention", told, status, LOGOUT);
  };
}

function errorOf(line: string, facts: HandshakeFacts = {}): End {
  const word = line.slice(4).trim();
  return ends(Object.hasOwn(ERRORS, word) ? ERRORS[word]! : "unavailable", facts, line, LOGOUT);
}
