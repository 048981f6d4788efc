import { printable } from "./text.ts";

/** What a CA offers, and where (RFC 8555 §7.1.1). */
export interface Directory {
  newNonce: string;
  newAccount: string;
  newOrder: string;
  /** RFC 9773: undefined where the CA does not say when to renew. */
  renewalInfo: string | undefined;
  /** Profile → its description. */
  profiles: ReadonlyMap<string, string>;
  termsOfService: string | undefined;
  externalAccountRequired: boolean;
}

export interface Order {
  status: "pending" | "ready" | "processing" | "valid" | "invalid";
  authorizations: readonly string[];
  finalize: string;
  certificate: string | undefined;
  error: unknown;
}

export interface Challenge {
  type: string;
  url: string;
  token: string;
  status: string;
  error: unknown;
}

export interface Authorization {
  status: string;
  identifier: string;
  isWildcard: boolean;
  challenges: readonly Challenge[];
}

/** When a certificate should be renewed (RFC 9773 §4.2). */
export interface RenewalWindow {
  startMs: number;
  endMs: number;
  /** Why, where the CA says so: a page for people. */
  explanationUrl: string | undefined;
}

const MAX_URL = 2048;
const MAX_CHALLENGES = 32;
const ORDER_STATES: ReadonlySet<string> = new Set(["pending", "ready", "processing", "valid", "invalid"]);

/** What is wrong with an answer of the CA, in words. */
export class UnexpectedAnswer extends Error {}

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new UnexpectedAnswer(`${what} is not a JSON object`);
}

/** Reads the answers of one CA. Every URL in them has the scheme of its directory: a CA cannot send us to a plain server. */
export class MessageReader {
  readonly #scheme: string;

  constructor(directoryUrl: string) {
    this.#scheme = new URL(directoryUrl).protocol;
  }

  /** @throws {UnexpectedAnswer} */
  url(value: unknown, what: string): string {
    if (typeof value === "string" && value.length <= MAX_URL && URL.canParse(value)) {
      const { protocol, username, password, href } = new URL(value);
      if (protocol === this.#scheme && username === "" && password === "") return href;
    }
    throw new UnexpectedAnswer(`${what} is not a URL of ${this.#scheme}//`);
  }

  #optionalUrl(value: unknown, what: string): string | undefined {
    return value === undefined || value === null ? undefined : this.url(value, what);
  }

  /** @throws {UnexpectedAnswer} */
  directory(value: unknown): Directory {
    const fields = fieldsOf(value, "the directory");
    const meta = fieldsOf(fields.meta ?? {}, "the directory's meta");
    const profiles = Object.entries(fieldsOf(meta.profiles ?? {}, "the directory's profiles")).slice(0, 50);
    return {
      newNonce: this.url(fields.newNonce, "newNonce"),
      newAccount: this.url(fields.newAccount, "newAccount"),
      newOrder: this.url(fields.newOrder, "newOrder"),
      renewalInfo: this.#optionalUrl(fields.renewalInfo, "renewalInfo"),
      profiles: new Map(profiles.map(([name, text]) => [printable(name, 64), printable(String(text), 200)])),
      termsOfService: typeof meta.termsOfService === "string" ? printable(meta.termsOfService, 300) : undefined,
      externalAccountRequired: meta.externalAccountRequired === true,
    };
  }

  /** @throws {UnexpectedAnswer} */
  order(value: unknown, maxNames: number): Order {
    const { status, authorizations, finalize, certificate, error } = fieldsOf(value, "the order");
    if (typeof status !== "string" || !ORDER_STATES.has(status)) throw new UnexpectedAnswer("the order has no status");
    if (!Array.isArray(authorizations) || authorizations.length > maxNames) {
      throw new UnexpectedAnswer(`the order has no list of authorizations, or more than ${maxNames}`);
    }
    return {
      status: status as Order["status"],
      authorizations: authorizations.map((each) => this.url(each, "an authorization")),
      finalize: this.url(finalize, "finalize"),
      certificate: this.#optionalUrl(certificate, "certificate"),
      error,
    };
  }

  /** @throws {UnexpectedAnswer} */
  authorization(value: unknown): Authorization {
    const fields = fieldsOf(value, "the authorization");
    const { value: name } = fieldsOf(fields.identifier, "the authorization's identifier");
    if (typeof fields.status !== "string" || typeof name !== "string") {
      throw new UnexpectedAnswer("the authorization has no status or no name");
    }
    const list = Array.isArray(fields.challenges) ? fields.challenges.slice(0, MAX_CHALLENGES) : [];
    return {
      status: printable(fields.status, 40),
      identifier: printable(name, 255),
      isWildcard: fields.wildcard === true,
      challenges: list.map((each) => this.#challenge(each)).filter((each) => each !== undefined),
    };
  }

  /** Of kinds without a token, or with one that is not safe in a path, none is used. */
  #challenge(value: unknown): Challenge | undefined {
    const { type, url, token, status, error } = fieldsOf(value, "a challenge");
    if (typeof type !== "string" || typeof token !== "string") return undefined;
    // RFC 8555 §8.1: base64url. Anything else could name another path of ours.
    if (!/^[A-Za-z0-9_-]{16,256}$/.test(token)) throw new UnexpectedAnswer("a challenge's token is not base64url");
    const state = typeof status === "string" ? printable(status, 40) : "";
    return { type: printable(type, 40), url: this.url(url, "a challenge's url"), token, status: state, error };
  }

  /** @throws {UnexpectedAnswer} */
  renewalInfo(value: unknown): RenewalWindow {
    const { suggestedWindow, explanationURL } = fieldsOf(value, "the renewal info");
    const { start, end } = fieldsOf(suggestedWindow, "the suggested window");
    const [startMs, endMs] = [Date.parse(String(start)), Date.parse(String(end))];
    // RFC 9773 §4.2: a window that does not end after its start is treated as no window.
    if (!(startMs < endMs)) throw new UnexpectedAnswer("the suggested window does not end after its start");
    const isPage = typeof explanationURL === "string" && /^https?:\/\//.test(explanationURL);
    return { startMs, endMs, explanationUrl: isPage ? printable(explanationURL, 500) : undefined };
  }
}
