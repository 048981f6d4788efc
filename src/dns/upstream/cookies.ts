import { randomBytes } from "node:crypto";
import { EdnsOption, findOption, type Message, optionLength } from "../../wire/dns/mod.ts";

const CLIENT_BYTES = 8;
/** The longest option: the client's cookie and the server's (RFC 7873 §4). */
export const MAX_COOKIE_BYTES = 40;

/** Whether an answer's cookie is ours: `missing` where one was expected, `forged` where it is another's. */
export type CookieVerdict = "right" | "missing" | "forged";

/**
 * DNS cookies of one upstream (RFC 7873, RFC 9018): a forger who does not see our queries cannot know them. A cookie is renewed from
 * time to time, so that it does not name this machine for ever.
 */
export class Cookies {
  readonly #renewMs: number;
  #renewAtMs = 0;
  /** Ours, then the one that the upstream gave us. */
  #value: Uint8Array = new Uint8Array(0);

  constructor(renewMs: number) {
    this.#renewMs = renewMs;
  }

  /** The data of the option for the next query. Not changed afterwards: an answer is compared with the cookie that was sent. */
  current(nowMs: number): Uint8Array {
    if (nowMs >= this.#renewAtMs) {
      this.#renewAtMs = nowMs + this.#renewMs;
      this.#value = new Uint8Array(randomBytes(CLIENT_BYTES));
    }
    return this.#value;
  }

  /** Judges the answer to a query that was sent with `sent`, and keeps the upstream's cookie. */
  judge(sent: Uint8Array, message: Message, bytes: Uint8Array): CookieVerdict {
    const at = cookieAt(message, bytes);
    // Once it has given us one, an answer without is suspicious (RFC 7873 §5.3).
    if (at < 0) return sent.length > CLIENT_BYTES ? "missing" : "right";
    const length = optionLength(bytes, at);
    for (let index = 0; index < CLIENT_BYTES; index++) if (bytes[at + index] !== sent[index]) return "forged";
    if (isSameClient(this.#value, sent) && !isAt(bytes, at, length, this.#value))
      this.#value = bytes.slice(at, at + length);
    return "right";
  }

  /** The upstream has no cookies any more. */
  forgetServer(): void {
    this.#value = this.#value.slice(0, CLIENT_BYTES);
  }
}

function cookieAt({ opt, records }: Message, bytes: Uint8Array): number {
  return opt < 0 ? -1 : findOption(bytes, records.rdataFrom(opt), records.rdataTo(opt), EdnsOption.cookie);
}

function isSameClient(one: Uint8Array, other: Uint8Array): boolean {
  for (let index = 0; index < CLIENT_BYTES; index++) if (one[index] !== other[index]) return false;
  return true;
}

function isAt(bytes: Uint8Array, at: number, length: number, value: Uint8Array): boolean {
  if (length !== value.length) return false;
  for (let index = 0; index < length; index++) if (bytes[at + index] !== value[index]) return false;
  return true;
}
