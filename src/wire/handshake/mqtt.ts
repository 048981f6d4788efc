import { dialogue, ends, type Handshake, joined, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeReason } from "./outcome.ts";
import { utf8 } from "./text.ts";

const CONNACK = 0x20;
const DISCONNECT = Uint8Array.of(0xe0, 0);
const CLEAN_SESSION = 0x02;
const [HAS_USER, HAS_PASSWORD] = [0x80, 0x40];
const KEEP_ALIVE_SECONDS = 5;

/** CONNACK's codes: of 3.1.1 (§3.2.2.3) below 128, of 5 (§3.2.2.2) from there. */
const CODES: Readonly<Record<number, HandshakeReason>> = {
  1: "wrong-protocol", // it does not speak this version
  4: "password-wrong",
  5: "not-authorised",
  132: "wrong-protocol",
  134: "password-wrong",
  135: "not-authorised",
  137: "busy",
  138: "address-blocked",
  151: "full",
  159: "full",
};

/** MQTT: CONNECT with a clean session, so that the broker keeps nothing of us, and DISCONNECT. */
export function mqttHandshake(options: HandshakeOptions = {}): Handshake {
  const { mqttVersion = 4, user, password, clientName = "tenk", maxReplyBytes } = options;
  const login = (user === undefined ? 0 : HAS_USER) | (password === undefined ? 0 : HAS_PASSWORD);
  const head = Uint8Array.of(mqttVersion, CLEAN_SESSION | login, 0, KEEP_ALIVE_SECONDS);
  const properties = new Uint8Array(mqttVersion === 5 ? 1 : 0);
  const texts = [clientName, user, password].filter((each) => each !== undefined).map(prefixed);
  const body = joined(prefixed("MQTT"), head, properties, ...texts);
  return dialogue(joined(Uint8Array.of(0x10, ...lengthOf(body.length)), body), read(password), maxReplyBytes);
}

/** A text with its length in two bytes; more than they can say is cut off. */
function prefixed(text: string): Uint8Array {
  const bytes = utf8(text).subarray(0, 65_535);
  return joined(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function lengthOf(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, ...lengthOf(length >> 7)];
}

function read(password: string | undefined): Reader {
  return (bytes) => {
    if (bytes[0] !== CONNACK) return ends("wrong-protocol");
    if (bytes.length < 4) return undefined;
    // Version 5 has properties, which make it longer than two bytes; they may need two bytes of length, not more.
    const isLong = bytes[1]! >= 128;
    if (isLong && bytes.length < 5) return undefined;
    if (bytes[1]! < 2 || (isLong && bytes[2]! >= 128)) return ends("wrong-protocol");
    const code = bytes[isLong ? 4 : 3]!;
    if (code === 0) return up({}, DISCONNECT);
    const reason = CODES[code] ?? "unavailable";
    const wantsPassword = (reason === "password-wrong" || reason === "not-authorised") && password === undefined;
    return ends(wantsPassword ? "password-required" : reason, {}, `return code ${code}`);
  };
}
