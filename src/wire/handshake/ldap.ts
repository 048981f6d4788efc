import { dialogue, ends, type Handshake, joined, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeReason } from "./outcome.ts";
import { latin1, utf8 } from "./text.ts";

const [SEQUENCE, INTEGER, OCTETS, ENUMERATED] = [0x30, 0x02, 0x04, 0x0a];
const [BIND, BIND_RESPONSE, SIMPLE] = [0x60, 0x61, 0x80];
const UNBIND = Uint8Array.of(SEQUENCE, 5, INTEGER, 1, 2, 0x42, 0);

/** Result codes (RFC 4511 §4.1.9). */
const CODES: Readonly<Record<number, HandshakeReason>> = {
  8: "tls-required",
  13: "tls-required",
  48: "password-required", // anonymous binds are switched off
  49: "password-wrong",
  50: "not-authorised",
  51: "busy",
  53: "not-authorised",
};

/** LDAP: binds, anonymously without a password, and unbinds. */
export function ldapHandshake({ user = "", password = "", maxReplyBytes }: HandshakeOptions = {}): Handshake {
  // A name without a password would be an "unauthenticated bind" (RFC 4513 §5.1.2), which servers refuse.
  const name = password === "" ? "" : user;
  const version = Uint8Array.of(INTEGER, 1, 3);
  const bind = element(BIND, joined(version, element(OCTETS, utf8(name)), element(SIMPLE, utf8(password))));
  return dialogue(element(SEQUENCE, joined(Uint8Array.of(INTEGER, 1, 1), bind)), read, maxReplyBytes);
}

function element(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 0xff];
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...size), content]));
}

const read: Reader = (bytes) => {
  if (bytes[0] !== SEQUENCE) return ends("wrong-protocol");
  const message = span(bytes, 0);
  if (message === undefined) return undefined;
  if (message === "malformed" || message.to > 65_536) return ends("wrong-protocol");
  if (bytes.length < message.to) return undefined;
  const whole = bytes.subarray(0, message.to);
  const id = within(whole, message.from, INTEGER);
  const response = id && within(whole, id.to, BIND_RESPONSE);
  const code = response && within(whole, response.from, ENUMERATED);
  if (code === undefined || code.to !== code.from + 1) return ends("wrong-protocol");
  const result = whole[code.from]!;
  if (result === 0) return up({}, UNBIND);
  const matched = within(whole, code.to, OCTETS);
  const says = matched && within(whole, matched.to, OCTETS);
  const text = says === undefined ? "" : latin1(whole, says.from, says.to);
  return ends(CODES[result] ?? "unavailable", {}, `result code ${result} ${text}`.trim(), UNBIND);
};

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Reads tag and length at `at`: where the content is; undefined while they are not all there. */
function span(bytes: Uint8Array, at: number): Span | "malformed" | undefined {
  const first = bytes[at + 1];
  if (first === undefined) return undefined;
  if (first < 128) return { from: at + 2, to: at + 2 + first };
  const count = first & 127;
  if (count < 1 || count > 4) return "malformed";
  const from = at + 2 + count;
  if (bytes.length < from) return undefined;
  let length = 0;
  for (let index = at + 2; index < from; index++) length = length * 256 + bytes[index]!;
  return { from, to: from + length };
}

/** Returns the span of an element that must have this tag and end within `bytes`. */
function within(bytes: Uint8Array, at: number, tag: number): Span | undefined {
  const found = bytes[at] === tag ? span(bytes, at) : undefined;
  return found === undefined || found === "malformed" || found.to > bytes.length ? undefined : found;
}
