import { createHash } from "node:crypto";
import { printable } from "../printable.ts";
import { dialogue, type End, ends, type Handshake, joined, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts, HandshakeReason } from "./outcome.ts";
import { ScramLogin } from "./scram.ts";
import { latin1, readCString, utf8, viewOf } from "./text.ts";

/** SQLSTATE (PostgreSQL, appendix A) of the error that ends a login. */
const STATES: Readonly<Record<string, HandshakeReason>> = {
  "57P03": "starting",
  "53300": "full",
  "28P01": "password-wrong",
  "3D000": "no-such-database",
  "42501": "not-authorised", // no right to connect to the database
};

/** Version 3.0 of the protocol. */
const VERSION = 196_608;
/** Length 8, and the number that stands for it. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);
const TERMINATE = Uint8Array.of(0x58, 0, 0, 0, 4);
const [OK, CLEARTEXT, MD5, SASL, SASL_CONTINUE, SASL_FINAL] = [0, 3, 5, 10, 11, 12];
const METHODS: Readonly<Record<number, string>> = { 3: "password", 5: "md5", 7: "gss", 9: "sspi", 10: "scram-sha-256" };

/**
 * PostgreSQL: a startup packet. A request for a password is an answer, so without one the dialogue ends there: closing then is
 * not logged, and a wrong name is not either. SSLRequest alone would be answered even by a server that takes no more clients.
 */
export function postgresHandshake(options: HandshakeOptions = {}): Handshake {
  const { user = "tenk", database, maxReplyBytes } = options;
  const parameters = `user\0${user}\0${database === undefined ? "" : `database\0${database}\0`}\0`;
  const body = utf8(parameters);
  const head = new Uint8Array(8);
  viewOf(head).setUint32(0, body.length + 8);
  viewOf(head).setUint32(4, VERSION);
  const login = new Login({ ...options, user });
  const startup = joined(head, body);
  const first: Reader = (bytes) => login.read(bytes);
  if (options.tls !== true) return dialogue(startup, first, maxReplyBytes);
  return dialogue(SSL_REQUEST, (bytes) => readTlsAnswer(bytes, startup, first), maxReplyBytes);
}

function readTlsAnswer(bytes: Uint8Array, startup: Uint8Array, next: Reader): ReturnType<Reader> {
  const answer = String.fromCharCode(bytes[0]!);
  if (answer === "S") return { used: 1, next, secured: startup };
  if (answer === "E") return next(bytes); // it could not even fork
  return ends(answer === "N" ? "tls-unavailable" : "wrong-protocol");
}

class Login {
  readonly #user: string;
  readonly #password: string | undefined;
  /** Nobody else can read what is sent. */
  readonly #mayShow: boolean;
  readonly #facts: HandshakeFacts = {};
  readonly #read: Reader = (bytes) => this.read(bytes);
  #scram: ScramLogin | undefined;
  #isLoggedIn = false;

  constructor(options: HandshakeOptions & { user: string }) {
    this.#user = options.user;
    this.#password = options.password;
    this.#mayShow = options.tls === true || options.isTrustedPath === true;
  }

  /** Reads one message: a type, a length that includes itself, a body. */
  read(bytes: Uint8Array): ReturnType<Reader> {
    const type = String.fromCharCode(bytes[0]!);
    if (!"RESKNZv".includes(type)) return ends("wrong-protocol");
    if (bytes.length < 5) return undefined;
    const used = 1 + viewOf(bytes).getUint32(1);
    if (used < 5 || used > 65_536) return ends("wrong-protocol");
    if (bytes.length < used) return undefined;
    const body = bytes.subarray(5, used);
    if (type === "E") return this.#failed(body);
    if (type === "Z") return up(this.#facts, TERMINATE);
    if (type === "S") this.#note(body);
    if (type !== "R") return { used, next: this.#read };
    const answer = this.#authenticate(body);
    if (answer !== undefined && "outcome" in answer) return answer;
    return answer === undefined ? { used, next: this.#read } : { used, next: this.#read, send: answer };
  }

  #note(body: Uint8Array): void {
    const name = readCString(body, 0);
    const value = name && readCString(body, name.end);
    if (name?.text === "server_version" && value !== undefined) this.#facts.version = printable(value.text);
  }

  /** Returns what to send, the end, or undefined where the server goes on by itself. */
  #authenticate(body: Uint8Array): Uint8Array | End | undefined {
    if (body.length < 4) return ends("wrong-protocol");
    const method = viewOf(body).getUint32(0);
    if (method === OK) {
      this.#isLoggedIn = true;
      return undefined;
    }
    if (method !== SASL_CONTINUE && method !== SASL_FINAL) {
      this.#facts.authentication = METHODS[method] ?? `method ${method}`;
      if (this.#password === undefined) return up(this.#facts);
    }
    if (method === MD5 && body.length === 8) return message(utf8(`${this.#md5(body.subarray(4))}\0`));
    if (method === SASL) return this.#beginScram(body);
    if (method === SASL_CONTINUE || method === SASL_FINAL) return this.#continueScram(method, latin1(body, 4));
    if (method !== CLEARTEXT) return up(this.#facts);
    return this.#mayShow ? message(utf8(`${this.#password}\0`)) : ends("password-not-sent", this.#facts);
  }

  #md5(salt: Uint8Array): string {
    const hex = (...parts: readonly (string | Uint8Array)[]) => {
      const hash = createHash("md5");
      for (const part of parts) hash.update(part);
      return hash.digest("hex");
    };
    return `md5${hex(hex(this.#password!, this.#user), salt)}`;
  }

  #beginScram(body: Uint8Array): Uint8Array | End {
    if (!latin1(body, 4).split("\0").includes("SCRAM-SHA-256")) return up(this.#facts);
    this.#scram = new ScramLogin(this.#password!);
    const first = utf8(this.#scram.first);
    const length = new Uint8Array(4);
    viewOf(length).setUint32(0, first.length);
    return message(joined(utf8("SCRAM-SHA-256\0"), length, first));
  }

  #continueScram(method: number, text: string): Uint8Array | End | undefined {
    if (method === SASL_FINAL) return this.#scram?.verifies(text) ? undefined : ends("wrong-protocol", this.#facts);
    const final = this.#scram?.final(text);
    return final === undefined ? ends("wrong-protocol", this.#facts) : message(utf8(final));
  }

  #failed(body: Uint8Array): End {
    const fields = new Map(
      latin1(body)
        .split("\0")
        .map((field) => [field[0], field.slice(1)] as const),
    );
    const state = fields.get("C") ?? "";
    const says = `${fields.get("M") ?? ""} (${state})`;
    // Before the login 28000 is pg_hba.conf's refusal, after it the user does not exist.
    if (state === "28000") return ends(this.#isLoggedIn ? "no-such-user" : "address-refused", this.#facts, says);
    return ends(Object.hasOwn(STATES, state) ? STATES[state]! : "unavailable", this.#facts, says);
  }
}

/** Returns a PasswordMessage, SASLInitialResponse or SASLResponse: all have the type `p`. */
function message(body: Uint8Array): Uint8Array {
  const head = Uint8Array.of(0x70, 0, 0, 0, 0);
  viewOf(head).setUint32(1, body.length + 4);
  return joined(head, body);
}
