import { readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Log, messageOf, occasionally, TenkError } from "../../base/mod.ts";
import { request } from "../../http/mod.ts";
import { pemOption } from "../../listener/mod.ts";
import { SHARED_SETTINGS, type SharedSettings } from "./shared-settings.ts";

/** `dns.follow`: another name server, and how it is asked. */
export interface FollowConfig {
  /** Of its dashboard: `https://tenk.home.arpa`. */
  readonly url: string;
  /** The path of a file with its token. */
  readonly token: string;
  /** Who signs its certificate: a file or PEM text. @default {the system's} */
  readonly ca?: string | undefined;
  /** Milliseconds from one request to the next. */
  readonly every: number;
}

export interface FollowerOptions {
  readonly config: FollowConfig;
  /** That relative paths are relative to. */
  readonly folder: string;
  /** Undefined: nothing is kept for the next start. */
  readonly dataFolder: string | undefined;
  readonly log: Log;
  /** Called when its settings have changed. */
  readonly changed: (settings: SharedSettings) => void;
}

const MAX_BYTES = 8 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
/** A failure is logged again after as many more. */
const LOG_EVERY = 60;

/** Asks another name server for its settings again and again. While it is away, the last ones stay. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #stopping = new AbortController();
  readonly #logFailed: (problem: string) => void;
  #settings: SharedSettings | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Requests that failed, one after the other. */
  failures = 0;

  private constructor(options: FollowerOptions) {
    this.#options = options;
    const { url } = options.config;
    this.#logFailed = occasionally<string>((count, problem) => {
      options.log.warn("settings of the other name server not read", { url, problem, count, kept: "the last ones" });
    }, LOG_EVERY * options.config.every);
  }

  /** Reads what is kept of the last run, and begins to ask. */
  static async start(options: FollowerOptions): Promise<Follower> {
    const follower = new Follower(options);
    follower.#settings = await follower.#kept();
    follower.#ask();
    return follower;
  }

  /** The last settings; undefined while there have been none. */
  get settings(): SharedSettings | undefined {
    return this.#settings;
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  #ask(): void {
    void this.#update().finally(() => {
      if (this.#stopping.signal.aborted) return;
      this.#timer = setTimeout(() => this.#ask(), this.#options.config.every);
      this.#timer.unref();
    });
  }

  async #update(): Promise<void> {
    try {
      const settings = await this.#fetched();
      this.failures = 0;
      if (this.#stopping.signal.aborted || JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
      this.#settings = settings;
      const { rules, records, blocklists, allowlists } = settings;
      const lists = blocklists.length + allowlists.length;
      const counts = { lists, rules: rules.length, records: records.length };
      this.#options.log.info("settings of the other name server changed", counts);
      this.#options.changed(settings);
      await this.#keep(settings);
    } catch (error) {
      this.failures += 1;
      if (!this.#stopping.signal.aborted) this.#logFailed(messageOf(error));
    }
  }

  async #fetched(): Promise<SharedSettings> {
    const { config, folder } = this.#options;
    const token = (await readFile(resolve(folder, config.token), "utf8")).trim();
    const { status, body } = await request(`${config.url.replace(/\/+$/, "")}/api/dns/shared`, {
      fields: { authorization: `Bearer ${token}`, accept: "application/json" },
      maxBodyBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      signal: this.#stopping.signal,
      ...(config.ca !== undefined && { tls: { ca: pemOption(config.ca, folder) } }),
    });
    if (status === 401 || status === 403)
      throw new TenkError("request-failed", `Its token was refused (status ${status})`);
    if (status !== 200) throw new TenkError("request-failed", `Expected status 200, found ${status}`);
    return parseShared(new TextDecoder().decode(body));
  }

  /** @returns what the last run has kept; undefined where that is nothing, or broken */
  async #kept(): Promise<SharedSettings | undefined> {
    const path = this.#path();
    if (path === undefined) return undefined;
    try {
      return parseShared(await readFile(path, "utf8"));
    } catch {
      return undefined;
    }
  }

  async #keep(settings: SharedSettings): Promise<void> {
    const path = this.#path();
    if (path === undefined) return;
    await writeFile(`${path}.new`, JSON.stringify(settings), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  #path(): string | undefined {
    const { dataFolder } = this.#options;
    return dataFolder === undefined ? undefined : join(dataFolder, "dns", "followed.json");
  }
}

/** @throws {TenkError} `request-failed` */
function parseShared(text: string): SharedSettings {
  try {
    return SHARED_SETTINGS.parse(JSON.parse(text));
  } catch {
    throw new TenkError("request-failed", "It answers something else than the settings of a name server");
  }
}
