import { realpath } from "node:fs/promises";
import type { HttpFiles } from "../../part/mod.ts";
import { fieldLine } from "../../wire/http1/mod.ts";
import type { Coding } from "../compress/mod.ts";
import { FileCache } from "./file-cache.ts";
import { inspect, type NoFile, noFileOf, type StoredFile } from "./stored-file.ts";
import { Turnstile } from "./turnstile.ts";

/** What a path of the site stands for. */
export type Resource =
  | {
      readonly type: "file";
      readonly plain: StoredFile;
      readonly coded: readonly StoredFile[];
      readonly lines: readonly Uint8Array[];
    }
  | { readonly type: "none"; readonly why: NoFile };

/** How long what was found is believed: too short for a person to notice, and a busy site asks the disk four times a second. */
const FRESH_MS = 250;
/** Of a file that is kept in memory, at most; and of the cache, at most an eighth. */
const MAX_KEPT_BYTES = 1024 * 1024;
/** Paths that are looked up at once, and that may wait for that. */
const LOOKUPS = { atOnce: 32, waiting: 1024 };
/** In the order of their preference: the smallest first. */
const PRECOMPRESSED: readonly (readonly [Coding, string])[] = [
  ["zstd", ".zst"],
  ["br", ".br"],
  ["gzip", ".gz"],
];
const VARY = fieldLine("Vary", "Accept-Encoding");
const MISSING: Resource = { type: "none", why: "missing" };
const BUSY: Resource = { type: "none", why: "busy" };

/**
 * The files of a folder, by the paths of a site.
 *
 * ```text
 *   /docs/ ─► cache ─► /docs/index.html ─► fallback ─► none
 *                        └─ .zst, .br, .gz beside it
 * ```
 */
export class Folder {
  readonly #files: HttpFiles;
  readonly #dropNames: ReadonlySet<string>;
  readonly #cache: FileCache<Resource>;
  readonly #maxKeptBytes: number;
  readonly #lookups = new Map<string, Promise<Resource>>();
  readonly #turnstile = new Turnstile(LOOKUPS.atOnce, LOOKUPS.waiting);

  /** @param dropNames fields that the service removes or sets itself, in lower case */
  constructor(files: HttpFiles, dropNames: ReadonlySet<string>) {
    this.#files = files;
    this.#dropNames = dropNames;
    this.#cache = new FileCache(files.cacheBytes);
    this.#maxKeptBytes = Math.min(MAX_KEPT_BYTES, Math.floor(files.cacheBytes / 8));
  }

  /** Returns what is known of a path without asking the disk. */
  fresh(path: string, nowMs: number): Resource | undefined {
    return this.#cache.get(path, nowMs, FRESH_MS);
  }

  /** Looks a path up. Those who ask meanwhile get the same answer. Never rejects. */
  find(path: string): Promise<Resource> {
    const running = this.#lookups.get(path);
    if (running !== undefined) return running;
    const lookup = this.#turnstile
      .run(() => this.#lookUp(path))
      .then((found) => this.#keep(path, found ?? BUSY))
      .catch((error: unknown): Resource => ({ type: "none", why: noFileOf(error) }))
      .finally(() => this.#lookups.delete(path));
    this.#lookups.set(path, lookup);
    return lookup;
  }

  /** What is known of a path turned out to be no longer true. */
  forget(path: string): void {
    this.#cache.remove(path);
  }

  #keep(path: string, found: Resource): Resource {
    // Paths without a file are not kept: strangers invent them.
    if (found.type === "none") this.#cache.remove(path);
    else {
      const content = [found.plain, ...found.coded].reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
      this.#cache.put(path, found, content, performance.now());
    }
    return found;
  }

  async #lookUp(path: string): Promise<Resource> {
    const { folder, index, fallback } = this.#files;
    const root = await realpath(folder);
    const known = this.#cache.peek(path);
    const candidates = path.endsWith("/") ? index.map((name) => path + name) : [path];
    let found = MISSING;
    for (const candidate of candidates) {
      found = await this.#resourceAt(root, candidate, known);
      if (found.type === "file" || found.why !== "missing") break;
    }
    // A folder by the name of an index file is none.
    if (found.type === "none" && found.why === "folder" && path.endsWith("/")) found = MISSING;
    const isMissing = found.type === "none" && found.why === "missing";
    return isMissing && fallback !== undefined ? this.#resourceAt(root, fallback, known) : found;
  }

  async #resourceAt(root: string, path: string, known: Resource | undefined): Promise<Resource> {
    const former = known?.type === "file" ? known : undefined;
    const full = root + path;
    const kind = { maxKeptBytes: this.#maxKeptBytes, dropNames: this.#dropNames };
    const plain = await inspect(root, full, kind, former?.plain.path === full ? former.plain : undefined);
    if (typeof plain === "string") return { type: "none", why: plain };
    if (!this.#files.precompressed) return { type: "file", plain, coded: [], lines: [] };
    const { contentType } = plain;
    const all = await Promise.all(
      PRECOMPRESSED.map(([coding, suffix]) =>
        inspect(
          root,
          full + suffix,
          { ...kind, coding, contentType },
          former?.coded.find((each) => each.path === full + suffix),
        ),
      ),
    );
    const coded = all.filter((each) => typeof each !== "string");
    const isSameFile = former !== undefined && former.plain === plain;
    if (isSameFile && coded.length === former.coded.length && coded.every((each, at) => each === former.coded[at]))
      return former;
    const varies = coded.length > 0 && !this.#dropNames.has("vary");
    return { type: "file", plain, coded, lines: varies ? [VARY] : [] };
  }
}
