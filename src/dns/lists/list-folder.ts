import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileProblemOf } from "../../base/mod.ts";
import type { ListSummary } from "../list-format/mod.ts";
import { type FetchOptions, fetchList, type Validators } from "./fetch-list.ts";
import { ListError } from "./list-error.ts";
import { unpackList } from "./unpack-list.ts";

/** Metadata of a list on the disk. */
export interface StoredList extends Validators {
  readonly url: string;
  /** When it was last compared with the server's, in milliseconds since 1970. */
  readonly checkedMs: number;
}

export type UpdateResult = { readonly isChanged: false } | { readonly isChanged: true; readonly summary: ListSummary };

const INDEX = "lists.json";
const TEMPORARY = /^\.[0-9a-f]{40}\.[0-9a-f]{8}\.(fetched|unpacked|json)$/;

/**
 * The folder of lists that were fetched. Names of its files are hashes of URLs, so that nothing in a URL can lead elsewhere. A list
 * is replaced as a whole, once it is known to be one; whatever happens before, the old one stays.
 */
export class ListFolder {
  readonly path: string;
  #stored = new Map<string, StoredList>();

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder, reads what is known of its lists, and removes what a crash left half written.
   *
   * @param isShared another process may be writing there: nothing is removed @default {false}
   */
  async open(isShared = false): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    for (const name of isShared ? [] : await readdir(this.path))
      if (TEMPORARY.test(name)) await rm(join(this.path, name), { force: true });
    this.#stored = new Map(parseIndex(await readFile(join(this.path, INDEX), "utf8").catch(() => "[]")));
  }

  /** Returns where the list of a URL is, or would be. */
  pathOf(url: string): string {
    return join(this.path, `${hashOf(url)}.txt`);
  }

  /** Whether there is a copy of a list. */
  async has(url: string): Promise<boolean> {
    return (await stat(this.pathOf(url)).catch(() => undefined))?.isFile() ?? false;
  }

  stored(url: string): StoredList | undefined {
    return this.#stored.get(url);
  }

  /**
   * Asks the server for a list, if it has changed, and replaces the copy.
   *
   * @throws {ListError} the old copy stays
   */
  async update(url: string, nowMs: number, options: FetchOptions): Promise<UpdateResult> {
    const validators = (await this.has(url)) ? (this.#stored.get(url) ?? {}) : {};
    const mark = `.${hashOf(url)}.${randomBytes(4).toString("hex")}`;
    const [fetched, unpacked] = [join(this.path, `${mark}.fetched`), join(this.path, `${mark}.unpacked`)];
    try {
      const answer = await this.#fetch(url, fetched, validators, options);
      const { etag, lastModified } = answer;
      const summary = answer.isUnchanged
        ? undefined
        : await unpackList(fetched, unpacked, answer.isGzip, options.maxBytes);
      if (summary !== undefined) await rename(unpacked, this.pathOf(url));
      this.#stored.set(url, { url, checkedMs: nowMs, ...(etag && { etag }), ...(lastModified && { lastModified }) });
      await this.#writeIndex(mark);
      return summary === undefined ? { isChanged: false } : { isChanged: true, summary };
    } catch (error) {
      throw error instanceof ListError ? error : new ListError("disk", fileProblemOf(error), error);
    } finally {
      await Promise.all([fetched, unpacked].map((path) => rm(path, { force: true }).catch(() => undefined)));
    }
  }

  async #fetch(url: string, path: string, validators: Validators, options: FetchOptions) {
    const file = openSync(path, "wx", 0o600);
    try {
      return await fetchList(url, file, validators, options);
    } finally {
      closeSync(file);
    }
  }

  /** Removes the copies of lists that are not among these. */
  async keepOnly(urls: readonly string[]): Promise<void> {
    const kept = new Set(urls.map((url) => `${hashOf(url)}.txt`));
    for (const name of await readdir(this.path)) {
      if (/^[0-9a-f]{40}\.txt$/.test(name) && !kept.has(name)) await rm(join(this.path, name), { force: true });
    }
    for (const url of [...this.#stored.keys()]) if (!urls.includes(url)) this.#stored.delete(url);
    await this.#writeIndex(`.${hashOf("")}.${randomBytes(4).toString("hex")}`);
  }

  async #writeIndex(mark: string): Promise<void> {
    const path = join(this.path, `${mark}.json`);
    {
      await using file = await open(path, "wx", 0o600);
      await file.writeFile(JSON.stringify([...this.#stored.values()], undefined, 1));
      await file.sync();
    }
    await rename(path, join(this.path, INDEX));
  }
}

function hashOf(url: string): string {
  return createHash("sha256").update(url).digest("hex").slice(0, 40);
}

/** An unreadable index counts as empty: all lists are then fetched again. */
function parseIndex(text: string): [string, StoredList][] {
  try {
    const lists = JSON.parse(text) as StoredList[];
    return lists
      .filter(({ url, checkedMs }) => typeof url === "string" && Number.isFinite(checkedMs))
      .map((each) => [each.url, each]);
  } catch {
    return [];
  }
}

/**
 * Returns the real path of a list that the user keeps himself: a file below `folder`, whatever links lead there.
 *
 * @throws {ListError}
 */
export async function localListPath(folder: string, name: string): Promise<string> {
  try {
    const [root, path] = [await realpath(folder), await realpath(join(folder, name))];
    if (!path.startsWith(root + sep) || !(await stat(path)).isFile()) {
      throw new ListError("disk", "it is no file below the folder of lists");
    }
    return path;
  } catch (error) {
    throw error instanceof ListError ? error : new ListError("disk", fileProblemOf(error), error);
  }
}
