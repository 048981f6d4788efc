import { realpath } from "node:fs/promises";
import type { HttpFiles } from "../../part/mod.ts";
import {
  type Coding,
  compressWhole,
  isCompressibleType,
  MADE_CODINGS,
  MIN_COMPRESSED_BYTES,
  VARY_LINE,
} from "../compress/mod.ts";
import { FileCache } from "./file-cache.ts";
import { inspect, madeFile, type NoFile, noFileOf, type StoredFile } from "./stored-file.ts";
import { Turnstile } from "./turnstile.ts";

/** What a path of the site stands for. */
export type Resource = FileResource | { readonly type: "none"; readonly why: NoFile };

export interface FileResource {
  readonly type: "file";
  readonly plain: StoredFile;
  /** Compressed files beside it. */
  readonly coded: readonly StoredFile[];
  /** Codings of those, and those that can be made. */
  readonly codings: readonly Coding[];
  /** What was made so far. */
  readonly made: Map<Coding, StoredFile | Promise<StoredFile>>;
  /** Prepared fields that all of them share. */
  readonly lines: readonly Uint8Array[];
}

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
  readonly #compresses: boolean;
  readonly #dropNames: ReadonlySet<string>;
  readonly #cache: FileCache<Resource>;
  readonly #maxKeptBytes: number;
  readonly #lookups = new Map<string, Promise<Resource>>();
  readonly #turnstile = new Turnstile(LOOKUPS.atOnce, LOOKUPS.waiting);

  /** @param dropNames fields that the service removes or sets itself, in lower case */
  constructor(files: HttpFiles, compresses: boolean, dropNames: ReadonlySet<string>) {
    this.#files = files;
    this.#compresses = compresses;
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

  /**
   * Returns a file in a coding: as it is beside it, or made here. What is in memory is compressed once and kept; anything larger
   * is compressed while it is sent.
   */
  inCoding(path: string, resource: FileResource, coding: Coding): StoredFile | Promise<StoredFile> {
    const { plain, coded, made } = resource;
    const known = coded.find((each) => each.coding === coding) ?? made.get(coding);
    if (known !== undefined) return known;
    const { content } = plain;
    const file =
      content === undefined
        ? madeFile(plain, coding, this.#dropNames, undefined)
        : this.#make(path, resource, coding, content);
    made.set(coding, file);
    return file;
  }

  async #make(path: string, resource: FileResource, coding: Coding, content: Uint8Array): Promise<StoredFile> {
    const bytes = await this.#turnstile.run(() => compressWhole(content, coding)).catch(() => undefined);
    if (bytes === undefined) {
      resource.made.delete(coding);
      return resource.plain;
    }
    const file = madeFile(resource.plain, coding, this.#dropNames, bytes);
    resource.made.set(coding, file);
    this.#cache.grow(path, resource, file.size);
    return file;
  }

  #keep(path: string, found: Resource): Resource {
    // Paths without a file are not kept: strangers invent them.
    if (found.type === "none") this.#cache.remove(path);
    else {
      const made = [...found.made.values()].filter((each): each is StoredFile => !(each instanceof Promise));
      const all = [found.plain, ...found.coded, ...made];
      const bytes = all.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
      this.#cache.put(path, found, bytes, performance.now());
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
      // A folder by the name of an index file is none.
      if (found.type === "none" && found.why === "folder" && path.endsWith("/")) found = MISSING;
      if (found.type === "file" || found.why !== "missing") break;
    }
    const isMissing = found.type === "none" && found.why === "missing";
    return isMissing && fallback !== undefined ? this.#resourceAt(root, fallback, known) : found;
  }

  async #resourceAt(root: string, path: string, known: Resource | undefined): Promise<Resource> {
    const former = known?.type === "file" ? known : undefined;
    const full = root + path;
    const kind = { maxKeptBytes: this.#maxKeptBytes, dropNames: this.#dropNames };
    const plain = await inspect(root, full, kind, former?.plain.path === full ? former.plain : undefined);
    if (typeof plain === "string") return { type: "none", why: plain };
    const coded = this.#files.precompressed ? await this.#codedBeside(root, plain, former) : [];
    const isSame = former?.plain === plain && coded.length === former.coded.length;
    if (isSame && coded.every((each, at) => each === former.coded[at])) return former;
    const isMadeHere = this.#compresses && plain.size >= MIN_COMPRESSED_BYTES && isCompressibleType(plain.contentType);
    const codings = [...new Set([...coded.map(({ coding }) => coding!), ...(isMadeHere ? MADE_CODINGS : [])])];
    const varies = codings.length > 0 && !this.#dropNames.has("vary");
    return { type: "file", plain, coded, codings, made: new Map(), lines: varies ? [VARY_LINE] : [] };
  }

  async #codedBeside(root: string, plain: StoredFile, former: FileResource | undefined): Promise<StoredFile[]> {
    const kind = { maxKeptBytes: this.#maxKeptBytes, dropNames: this.#dropNames, contentType: plain.contentType };
    const all = PRECOMPRESSED.map(([coding, suffix]) => {
      const path = plain.path + suffix;
      return inspect(
        root,
        path,
        { ...kind, coding },
        former?.coded.find((each) => each.path === path),
      );
    });
    return (await Promise.all(all)).filter((each) => typeof each !== "string");
  }
}
