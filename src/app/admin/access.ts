import { addressRanges } from "../../net/mod.ts";
import { attemptsKey, type Client, clientOf } from "./client.ts";
import { PasswordCheck } from "./password.ts";
import { isSame } from "./secrets.ts";
import { credentialsDigest, type SessionFile } from "./session-file.ts";
import { Sessions } from "./sessions.ts";
import { Throttle } from "./throttle.ts";

export interface AccessOptions {
  /** Opens everything. */
  readonly token: string;
  /** An argon2id hash; undefined: the token is the only way in. */
  readonly passwordHash?: string | undefined;
  /** Addresses and ranges that may read `/metrics` without it. @default {[]} */
  readonly scrapers?: readonly string[];
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed. @default {[]} */
  readonly proxies?: readonly string[];
}

/** What somebody may, and what showed it. */
export interface Standing {
  readonly may: "nothing" | "read" | "change";
  readonly by: "nobody" | "loopback" | "scraper" | "session" | "token";
  /** Too many wrong attempts: how long to wait. ms */
  readonly waitMs: number;
}

const NOBODY: Standing = { may: "nothing", by: "nobody", waitMs: 0 };

/** What came of an attempt to get in. */
export type Entry = { readonly session: string } | { readonly waitMs: number } | "wrong" | "busy";

/**
 * Who may look, and who may change something:
 *
 * ```text
 *   token or session ─────────────► read, change
 *   loopback, nobody in between ──► read
 *   a scraper's address ──────────► read /metrics
 *   anybody else ─────────────────► nothing
 * ```
 */
export class Access {
  readonly sessions: Sessions;
  readonly throttle = new Throttle();
  readonly #now: () => number;
  #token = "";
  /** Of what let the sessions in. */
  #credentials = "";
  #password: PasswordCheck | undefined;
  #isScraper: (address: string) => boolean = () => false;
  #isProxy: (address: string) => boolean = () => false;

  /**
   * @param now by a clock that only goes forward: where a small box sets its own by the network, nobody is shut out
   * @param file where sessions outlive the process
   */
  constructor(options: AccessOptions, now: () => number = () => performance.now(), file?: SessionFile) {
    this.#now = now;
    this.sessions = new Sessions(file && { onChange: (sessions) => file.write(this.#credentials, sessions) });
    this.configure(options);
    const kept = file?.read(this.#credentials);
    // Also where nothing is taken up: what another password has let in must not come back with it.
    if (kept !== undefined) this.sessions.restore(kept, now());
  }

  /**
   * Another password ends what the one before has opened.
   *
   * @returns whether it did: what goes on for those who were let in is to be ended too
   */
  configure({ token, passwordHash, scrapers = [], proxies = [] }: AccessOptions): boolean {
    const isFirst = this.#token === "";
    const isOther = token !== this.#token || passwordHash !== this.#password?.hash;
    if (isOther) {
      this.#credentials = credentialsDigest(token, passwordHash);
      if (!isFirst) this.sessions.endAll();
      this.#password = passwordHash === undefined ? undefined : new PasswordCheck(passwordHash);
    }
    this.#token = token;
    this.#isScraper = addressRanges(scrapers);
    this.#isProxy = addressRanges(proxies);
    return isOther;
  }

  get hasPassword(): boolean {
    return this.#password !== undefined;
  }

  client(peer: string, headers: Headers): Client {
    return clientOf(peer, headers, this.#isProxy);
  }

  /** @param isScrape whether it is `/metrics` that is asked for */
  standing(client: Client, headers: Headers, cookie: string, isScrape: boolean): Standing {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (bearer !== undefined) {
      if (isSame(bearer, this.#token)) return { may: "change", by: "token", waitMs: 0 };
      return { ...NOBODY, waitMs: this.#wrongToken(client) };
    }
    const words = cookieValues(headers.get("cookie") ?? "", cookie);
    if (words.some((word) => this.sessions.isOpen(word, this.#now())))
      return { may: "change", by: "session", waitMs: 0 };
    if (client.isLoopback) return { may: "read", by: "loopback", waitMs: 0 };
    if (isScrape && this.#isScraper(client.address)) return { may: "read", by: "scraper", waitMs: 0 };
    return NOBODY;
  }

  /** What is aborted when the session of a request ends; undefined where it has none. */
  ending(headers: Headers, cookie: string): AbortSignal | undefined {
    const words = cookieValues(headers.get("cookie") ?? "", cookie);
    return words.map((word) => this.sessions.ending(word, this.#now())).find((signal) => signal !== undefined);
  }

  /** Somebody leaves: whatever their browser keeps opens nothing any more. */
  leave(headers: Headers, cookie: string): void {
    for (const word of cookieValues(headers.get("cookie") ?? "", cookie)) this.sessions.end(word);
  }

  /** Somebody followed the link with the token. */
  enterByToken(client: Client, token: string): Entry {
    if (isSame(token, this.#token)) return this.#entered();
    const waitMs = this.#wrongToken(client);
    return waitMs > 0 ? { waitMs } : "wrong";
  }

  /** Somebody filled in the form: the password, or the token. */
  async enterByWord(client: Client, word: string): Promise<Entry> {
    if (isSame(word, this.#token)) return this.#entered();
    const key = attemptsKey(client.address);
    const waitMs = this.throttle.begin(key, this.#now(), true);
    if (waitMs > 0) return { waitMs };
    const isRight = await this.#password?.verify(word);
    if (isRight === undefined && this.#password !== undefined) return "busy";
    if (isRight !== true) return "wrong";
    this.throttle.forgive(key, true);
    return this.#entered();
  }

  #entered(): Entry {
    return { session: this.sessions.begin(this.#now()) };
  }

  /**
   * Nobody guesses 256 bits, so that one who has the token is never kept waiting for another's mistakes. Counted apart from
   * passwords: any site's page can make a browser follow a link with a wrong token, as an image, and its owner would wait.
   */
  #wrongToken(client: Client): number {
    return this.throttle.begin(`token ${attemptsKey(client.address)}`, this.#now(), false);
  }
}

/** Of several cookies of one name (a stranger's page of the same host may have set one) each is looked at, a few at most. */
export function cookieValues(header: string, name: string): string[] {
  const pairs = header.split(";").map((pair) => pair.trim());
  const values = pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  return values.slice(0, 4);
}
