import { attemptsKey, PasswordCheck, Throttle } from "../../auth/mod.ts";
import { addressRanges } from "../../net/mod.ts";
import { type Client, clientOf } from "./client.ts";
import type { DashboardLink } from "./dashboard-link.ts";
import { isSame, readTokenOf } from "./secrets.ts";
import { credentialsDigest, type SessionFile } from "./session-file.ts";
import { Sessions } from "./sessions.ts";

export interface AccessOptions {
  /** Opens everything. */
  readonly token: string;
  /** One of the configuration, which opens everything too. */
  readonly sharedToken?: string | undefined;
  /** An argon2id hash; undefined: the token is the only way in. */
  readonly passwordHash?: string | undefined;
  /** Addresses and ranges that may read `/metrics` without it. @default {[]} */
  readonly scrapers?: readonly string[];
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed. @default {[]} */
  readonly proxies?: readonly string[];
  /** Proxies in front of our own services, whose `X-Forwarded-For` our proxy continues. @default {[]} */
  readonly outerProxies?: readonly string[];
}

/** What an {@link Access} is made with, and keeps. */
export interface AccessMeans {
  /** A monotonic clock, so that a box which sets its clock by the network shuts nobody out. @default performance.now */
  readonly now?: () => number;
  /** Keeps sessions over a restart. @default {they end with the process} */
  readonly file?: SessionFile | undefined;
  /** Another process still writes the file: `thaw` reads it. @default {false} */
  readonly startsFrozen?: boolean;
  /** Recognizes requests through services of ours. @default {there are none} */
  readonly link?: DashboardLink;
}

/** What a request may do, and by which proof. */
export interface AuthResult {
  readonly may: "nothing" | "read" | "change";
  readonly by: "none" | "loopback" | "scraper" | "session" | "read-token" | "token";
  /** How long to wait after too many wrong attempts. ms */
  readonly waitMs: number;
}

const UNAUTHENTICATED: AuthResult = { may: "nothing", by: "none", waitMs: 0 };

/** A new session, or why there is none. */
export type LoginResult = { readonly session: string } | { readonly waitMs: number } | "wrong" | "busy";

/**
 * Decides who may read and who may change something:
 *
 * ```text
 *   token or session ─────────────► read, change
 *   read-only token ──────────────► read
 *   loopback, without a proxy ────► read
 *   a scraper's address ──────────► read /metrics
 *   anybody else ─────────────────► nothing
 * ```
 */
export class Access {
  readonly sessions: Sessions;
  readonly throttle = new Throttle();
  readonly #now: () => number;
  readonly #file: SessionFile | undefined;
  #isToRead = true;
  #tokens: readonly string[] = [];
  #readTokens: readonly string[] = [];
  /** Digest of the tokens and password under which the sessions began. */
  #credentials = "";
  #password: PasswordCheck | undefined;
  #isScraper: (address: string) => boolean = () => false;
  readonly #link: DashboardLink | undefined;
  #isProxy: (address: string) => boolean = () => false;
  #isOuterProxy: (address: string) => boolean = () => false;

  constructor(
    options: AccessOptions,
    { now = () => performance.now(), file, link, startsFrozen = false }: AccessMeans = {},
  ) {
    this.#now = now;
    this.#file = file;
    this.#link = link;
    this.sessions = new Sessions(file && { onChange: (sessions) => file.write(this.#credentials, sessions) });
    this.configure(options);
    if (!startsFrozen) this.thaw();
  }

  /** Reads the sessions of the process before, once. */
  thaw(): void {
    const kept = this.#isToRead ? this.#file?.read(this.#credentials) : undefined;
    this.#isToRead = false;
    // Also when `kept` is empty: sessions of another password must not come back with that password.
    if (kept !== undefined) this.sessions.restore(kept, this.#now());
  }

  /**
   * Takes over changed options. Another token or password ends all sessions.
   *
   * @returns whether it did: then live streams are to be ended too
   */
  configure(options: AccessOptions): boolean {
    const { token, sharedToken, passwordHash, scrapers = [], proxies = [], outerProxies = [] } = options;
    const tokens = sharedToken === undefined ? [token] : [token, sharedToken];
    const isFirst = this.#tokens.length === 0;
    const credentials = credentialsDigest(tokens.join(" "), passwordHash);
    const isOther = credentials !== this.#credentials;
    if (isOther) {
      this.#credentials = credentials;
      if (!isFirst) this.sessions.endAll();
      this.#password = passwordHash === undefined ? undefined : new PasswordCheck(passwordHash);
    }
    this.#tokens = tokens;
    this.#readTokens = tokens.map(readTokenOf);
    this.#isScraper = addressRanges(scrapers);
    this.#isProxy = addressRanges(proxies);
    this.#isOuterProxy = addressRanges(outerProxies);
    return isOther;
  }

  get hasPassword(): boolean {
    return this.#password !== undefined;
  }

  client(peer: string, headers: Headers): Client {
    const name = this.#link?.serviceOf(headers);
    const own = name === undefined ? undefined : { name, isProxy: this.#isOuterProxy };
    return clientOf(peer, headers, this.#isProxy, own);
  }

  /** @param isScrape whether the path is `/metrics` */
  authenticate(client: Client, headers: Headers, cookie: string, isScrape: boolean): AuthResult {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (bearer !== undefined) {
      if (isOneOf(bearer, this.#tokens)) return { may: "change", by: "token", waitMs: 0 };
      if (isOneOf(bearer, this.#readTokens)) return { may: "read", by: "read-token", waitMs: 0 };
      return { ...UNAUTHENTICATED, waitMs: this.#wrongToken(client) };
    }
    const secrets = cookieValues(headers.get("cookie") ?? "", cookie);
    if (secrets.some((secret) => this.sessions.isOpen(secret, this.#now())))
      return { may: "change", by: "session", waitMs: 0 };
    if (client.isLoopback) return { may: "read", by: "loopback", waitMs: 0 };
    if (isScrape && this.#isScraper(client.address)) return { may: "read", by: "scraper", waitMs: 0 };
    return UNAUTHENTICATED;
  }

  /** Returns a signal that aborts when the request's session ends; undefined when it has none. */
  sessionEnd(headers: Headers, cookie: string): AbortSignal | undefined {
    const secrets = cookieValues(headers.get("cookie") ?? "", cookie);
    return secrets.map((secret) => this.sessions.endSignal(secret, this.#now())).find((signal) => signal !== undefined);
  }

  /** Ends every session whose cookie the request has. */
  logout(headers: Headers, cookie: string): void {
    for (const secret of cookieValues(headers.get("cookie") ?? "", cookie)) this.sessions.end(secret);
  }

  loginWithToken(client: Client, token: string): LoginResult {
    if (isOneOf(token, this.#tokens)) return this.#newSession();
    const waitMs = this.#wrongToken(client);
    return waitMs > 0 ? { waitMs } : "wrong";
  }

  /** @param word the password, or the token */
  async loginWithPassword(client: Client, word: string): Promise<LoginResult> {
    if (isOneOf(word, this.#tokens)) return this.#newSession();
    const key = attemptsKey(client.address);
    const waitMs = this.throttle.begin(key, this.#now(), true);
    if (waitMs > 0) return { waitMs };
    const isRight = await this.#password?.verify(word);
    if (isRight === undefined && this.#password !== undefined) return "busy";
    if (isRight !== true) return "wrong";
    this.throttle.forgive(key, true);
    return this.#newSession();
  }

  #newSession(): LoginResult {
    return { session: this.sessions.begin(this.#now()) };
  }

  /**
   * Counts wrong tokens by address. Nobody guesses 256 bits, so that a right token never waits. They are counted apart from
   * passwords: any site can make a browser load a link with a wrong token, and its owner would then wait for the password.
   */
  #wrongToken(client: Client): number {
    return this.throttle.begin(`token ${attemptsKey(client.address)}`, this.#now(), false);
  }
}

/** Compares with each, so that the time tells nothing. */
function isOneOf(given: string, tokens: readonly string[]): boolean {
  return tokens.map((token) => isSame(given, token)).includes(true);
}

/** The values of all cookies of one name, four at most: another page of the same host may have set one too. */
export function cookieValues(header: string, name: string): string[] {
  const pairs = header.split(";").map((pair) => pair.trim());
  const values = pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  return values.slice(0, 4);
}
