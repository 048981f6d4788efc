import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { type Log, messageOf } from "../../base/mod.ts";
import { readJsonFile, writeJsonFile } from "./files.ts";

const KEY_BYTES = 24;
/** Keys of services that are no longer declared are kept for when they come back, the newest of them. */
const MAX_KEYS = 1000;

/** The key of each service that is called, made when it is first declared. Whoever knows it may call, and nothing else. */
export class PushKeys {
  readonly #path: string | undefined;
  readonly #log: Log;
  readonly #keys: Map<string, string>;
  /** Compared with where there is no key, so that the time tells nothing. */
  readonly #nobody = newKey();

  /** @param folder undefined where nothing is kept: then keys are new with each start */
  constructor(folder: string | undefined, log: Log) {
    this.#path = folder && join(folder, "push-keys.json");
    this.#log = log;
    this.#keys = new Map(this.#path === undefined ? [] : entriesOf(readJsonFile(this.#path, log)));
  }

  /** Makes keys for services that have none. */
  ensure(names: readonly string[]): void {
    const missing = names.filter((name) => !this.#keys.has(name));
    if (missing.length === 0) return;
    for (const name of missing) this.#keys.set(name, newKey());
    this.#save();
  }

  of(name: string): string | undefined {
    return this.#keys.get(name);
  }

  /** Gives a service another key: the one before opens nothing any more. */
  renew(name: string): string {
    const key = newKey();
    this.#keys.set(name, key);
    this.#save();
    return key;
  }

  /** Returns whether a key is that of a service, in a time that tells nothing of either. */
  fits(name: string, key: string): boolean {
    const known = this.#keys.get(name);
    const isSame = timingSafeEqual(digestOf(key), digestOf(known ?? this.#nobody));
    return isSame && known !== undefined;
  }

  #save(): void {
    if (this.#path === undefined) {
      this.#log.warn("push keys are not kept", { why: "there is no data folder", fix: "set data.folder" });
      return;
    }
    try {
      writeJsonFile(this.#path, Object.fromEntries([...this.#keys].slice(-MAX_KEYS)));
    } catch (error) {
      this.#log.warn("push keys are not kept", { path: this.#path, error: messageOf(error) });
    }
  }
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString("base64url");
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function entriesOf(given: unknown): [string, string][] {
  if (typeof given !== "object" || given === null) return [];
  return Object.entries(given).filter((entry): entry is [string, string] => /^[\w-]{16,128}$/.test(String(entry[1])));
}
