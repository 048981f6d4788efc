import { printable } from "../printable.ts";
import { dialogue, type End, ends, type Handshake, joined, type Reader, type Turn, up } from "./dialogue.ts";
import { passwordProof, sealedPassword } from "./mysql-password.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { latin1, readCString, utf8, viewOf } from "./text.ts";

const ERRORS: Readonly<Record<number, HandshakeReason>> = {
  1040: "full",
  1129: "address-blocked",
  1130: "address-refused",
  1203: "full", // this user has too many connections
  1226: "full",
  1698: "password-required", // MariaDB: the user logs in by another way, such as a Unix socket
  3118: "not-authorised", // the account is locked
  3159: "tls-required",
  4151: "not-authorised", // the same in MariaDB
};

const PROTOCOL_10 = 10;
/** LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH. */
const CAPABILITIES = 0x1 | 0x200 | 0x8000 | 0x8_0000;
const TLS_CAPABILITY = 0x800;
const MAX_PACKET_BYTES = 0x100_0000;
/** utf8_general_ci, which every version knows. */
const CHARACTER_SET = 33;
const NONCE_BYTES = 20;
const QUIT = Uint8Array.of(1, 0, 0, 0, 1);
const [OK, MORE, SWITCH, ERROR] = [0x00, 0x01, 0xfe, 0xff];

/**
 * MySQL and MariaDB: reads the greeting and always completes the login. A connection that ends before its login counts as a failed
 * one, and after `max_connect_errors` of those the server blocks our address for everybody.
 */
export function mysqlHandshake(options: HandshakeOptions = {}): Handshake {
  const login = new Login(options);
  return dialogue(
    new Uint8Array(0),
    packet((body, sequence) => login.greet(body, sequence)),
    options.maxReplyBytes,
  );
}

type BodyReader = (body: Uint8Array, sequence: number) => Omit<Turn, "used"> | End;

/** Makes a reader of one packet: three bytes of length, its number, a body. */
function packet(read: BodyReader): Reader {
  return (bytes) => {
    if (bytes.length < 4) return undefined;
    const length = bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16);
    if (length === 0 || length > 65_536) return ends("wrong-protocol");
    if (bytes.length < 4 + length) return undefined;
    const turn = read(bytes.subarray(4, 4 + length), bytes[3]!);
    return "outcome" in turn ? turn : { used: 4 + length, ...turn };
  };
}

class Login {
  readonly #options: HandshakeOptions;
  readonly #facts: HandshakeFacts = {};
  readonly #next = packet((body, sequence) => this.#answer(body, sequence));
  #nonce = new Uint8Array(NONCE_BYTES);

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  greet(body: Uint8Array, sequence: number): ReturnType<BodyReader> {
    if (body[0] === ERROR) return this.#refused(body);
    const version = readCString(body, 1);
    if (body[0] !== PROTOCOL_10 || version === undefined) return ends("wrong-protocol");
    // Replication tools of MySQL 5 only knew versions that begin with 5, so MariaDB 10 puts that in front.
    this.#facts.version = printable(version.text.replace(/^5\.5\.5-/, ""));
    this.#facts.product = /mariadb/i.test(version.text) ? "MariaDB" : "MySQL";
    const plugin = this.#readNonce(body, version.end);
    if (this.#options.tls !== true) return { send: this.#response(plugin, sequence + 1), next: this.#next };
    // Thread id 4, nonce 8, 0: then the lower half of what the server can do.
    const flags = (body[version.end + 13] ?? 0) | ((body[version.end + 14] ?? 0) << 8);
    if ((flags & TLS_CAPABILITY) === 0) return ends("tls-unavailable", this.#facts);
    const request = framed(sequence + 1, this.#head());
    return { send: request, secured: this.#response(plugin, sequence + 2), next: this.#next };
  }

  /** Reads the nonce, which is in two pieces, and returns the name of the plugin that the server prefers. */
  #readNonce(body: Uint8Array, from: number): string {
    // Thread id 4, nonce 8, 0, capabilities 2, character set 1, status 2, capabilities 2, length 1, reserved 10, nonce 12, 0.
    const second = from + 31;
    const nonce = new Uint8Array(NONCE_BYTES);
    nonce.set(body.subarray(from + 4, from + 12));
    nonce.set(body.subarray(second, second + 12), 8);
    this.#nonce = nonce;
    return readCString(body, second + 13)?.text ?? latin1(body, second + 13);
  }

  /** The beginning of the login, which alone is the request for TLS. */
  #head(): Uint8Array {
    const head = new Uint8Array(32);
    const view = viewOf(head);
    view.setUint32(0, CAPABILITIES | (this.#options.tls === true ? TLS_CAPABILITY : 0), true);
    view.setUint32(4, MAX_PACKET_BYTES, true);
    head[8] = CHARACTER_SET;
    return head;
  }

  #response(plugin: string, sequence: number): Uint8Array {
    const { user = "tenk" } = this.#options;
    const head = this.#head();
    const proof = this.#proof(plugin);
    const name = plugin === "" ? "mysql_native_password" : plugin;
    return framed(sequence, head, utf8(`${user}\0`), Uint8Array.of(proof.length), proof, utf8(`${name}\0`));
  }

  /** An unknown plugin gets an empty proof: the server refuses it, but the login is complete. */
  #proof(plugin: string): Uint8Array {
    const { password = "" } = this.#options;
    return password === "" ? new Uint8Array(0) : passwordProof(plugin, password, this.#nonce);
  }

  #answer(body: Uint8Array, sequence: number): ReturnType<BodyReader> {
    if (body[0] === OK) return up(this.#facts, QUIT);
    if (body[0] === ERROR) return this.#refused(body);
    if (body[0] === SWITCH) return { send: framed(sequence + 1, this.#switched(body)), next: this.#next };
    if (body[0] !== MORE) return ends("wrong-protocol", this.#facts);
    return this.#more(body, sequence);
  }

  #switched(body: Uint8Array): Uint8Array {
    const plugin = readCString(body, 1);
    if (plugin === undefined) return new Uint8Array(0);
    const nonce = new Uint8Array(NONCE_BYTES);
    nonce.set(body.subarray(plugin.end, plugin.end + NONCE_BYTES));
    this.#nonce = nonce;
    return this.#proof(plugin.text);
  }

  /** caching_sha2_password: 3 = the proof was enough, 4 = it wants the password itself, longer = its public key. */
  #more(body: Uint8Array, sequence: number): ReturnType<BodyReader> {
    const { password = "", isTrustedPath = false, tls = false } = this.#options;
    if (body.length === 2 && body[1] === 3) return { next: this.#next };
    if (body.length === 2 && body[1] === 4 && tls)
      return { send: framed(sequence + 1, utf8(`${password}\0`)), next: this.#next };
    if (body.length === 2 && body[1] === 4) {
      // Whoever sits between could give a key of its own and read the password: an empty one completes the login.
      const request = isTrustedPath ? Uint8Array.of(2) : Uint8Array.of(0);
      return { send: framed(sequence + 1, request), next: isTrustedPath ? this.#next : this.#unsent };
    }
    const sealed = isTrustedPath ? sealedPassword(latin1(body, 1), password, this.#nonce) : undefined;
    if (sealed === undefined) return ends("wrong-protocol", this.#facts);
    return { send: framed(sequence + 1, sealed), next: this.#next };
  }

  readonly #unsent = packet(() => ends("password-not-sent", this.#facts));

  #refused(body: Uint8Array): End {
    if (body.length < 3) return ends("wrong-protocol", this.#facts);
    const code = viewOf(body).getUint16(1, true);
    const says = `${latin1(body, 3).replace(/^#.{5}/, "")} (${code})`;
    if (code !== 1045 && code !== 1044) return ends(ERRORS[code] ?? "unavailable", this.#facts, says);
    const hasPassword = this.#options.password !== undefined;
    return ends(hasPassword ? "password-wrong" : "password-required", this.#facts, says);
  }
}

function framed(sequence: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = joined(...parts);
  return joined(Uint8Array.of(body.length & 0xff, body.length >> 8, 0, sequence & 0xff), body);
}
